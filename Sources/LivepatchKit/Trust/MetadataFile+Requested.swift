import TUF

extension MetadataFile {
    /// The file that somebody asks for, however its URL was encoded: the name is the URL's last part, decoded.
    /// - Returns: `nil` for what cannot be the name of metadata.
    public init?(requested name: String, of repository: MetadataRepository) {
        let suffix = ".json"
        guard name.hasSuffix(suffix), name.utf8.count > suffix.utf8.count, name.utf8.count <= 512 else { return nil }
        self.init(RepositoryFile.metadata(String(name.dropLast(suffix.count)), version: nil).path, of: repository)
    }
}
