extension PatchStorage {
    /// Whether the content of a file is here, can be read, and has the file's length and SHA-256. Reads all of it.
    func verifies(_ file: PatchFile) async throws -> Bool {
        do {
            let reader = try await open(file.digest)
            defer { reader.close() }
            var hasher = ContentHasher()
            for try await chunk in ReaderChunks(reader: reader) { hasher.update(chunk) }
            return hasher.length == file.length && hasher.finish() == file.digest
        } catch is LivepatchError {
            return false
        }
    }
}
