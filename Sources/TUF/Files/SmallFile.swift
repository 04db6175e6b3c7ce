#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that fit into memory.
enum SmallFile {
    /// - Returns: `nil` if there is no such file, or it is longer than `limit` bytes.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    static func read(_ path: String, limit: Int) throws(TUFError) -> [UInt8]? {
        var bytes: [UInt8] = []
        let isThere = try FileReading.pieces(of: path) { (piece) throws(TUFError) in
            bytes.append(contentsOf: piece)
            return bytes.count <= limit
        }
        return isThere && bytes.count <= limit ? bytes : nil
    }

    /// Puts a file in the place of another, so that after a crash there is one of the two, whole.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    static func write(_ bytes: [UInt8], to path: String, calls: SystemCalls = .system) throws(TUFError) {
        var file = try WholeFile(path, calls: calls)
        try file.write(bytes)
        try file.finish()
    }
}

/// Reading files of any length.
enum FileReading {
    private static let pieceLength = 1 << 16

    /// Hands over a file's bytes from the beginning, as long as `body` returns `true`.
    /// - Returns: `false` if there is no such file.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``, or what `body` throws.
    static func pieces(of path: String, _ body: ([UInt8]) throws(TUFError) -> Bool) throws(TUFError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return false }
            throw .system("open", path)
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: pieceLength)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("read", path)
            }
            guard count > 0, try body(Array(buffer[..<count])) else { return true }
        }
    }
}
