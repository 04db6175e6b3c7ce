#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Directories.
enum Folders {
    /// Makes those directories above a file that are not there yet, below one that is.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    static func make(above path: String, in base: String) throws(TUFError) {
        let start = base.utf8.count
        let bytes = Array(path.utf8)
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") && index > start {
            let folder = String(decoding: bytes[..<index], as: UTF8.self)
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw .system("create the directory", folder) }
        }
    }
}
