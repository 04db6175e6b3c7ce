#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is written under another name and takes its own when all of it is there and on the medium.
struct WholeFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private let calls: SystemCalls
    private var isInPlace = false

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    init(_ path: String, calls: SystemCalls = .system) throws(TUFError) {
        self.path = path
        self.calls = calls
        let folder = Self.folder(of: path)
        temporary = "\(folder)/.\(String(UInt64.random(in: .min ... .max), radix: 16)).new"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("create a file in", folder) }
    }

    deinit {
        close(descriptor)
        if !isInPlace { unlink(temporary) }
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    func write(_ bytes: [UInt8]) throws(TUFError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { calls.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...])) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("write", path)
            }
            written += count
        }
    }

    /// Gives the file its name, in place of another one.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``; then what was there before is still there, unless only the
    ///   directory could not be brought to the medium.
    mutating func finish() throws(TUFError) {
        guard calls.flush(descriptor) == 0 else { throw .system("bring to the medium", path) }
        guard calls.rename(temporary, path) == 0 else { throw .system("replace", path) }
        isInPlace = true
        let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system("open", Self.folder(of: path)) }
        defer { close(folder) }
        guard calls.flush(folder) == 0 else { throw .system("bring to the medium", Self.folder(of: path)) }
    }

    private static func folder(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
    }
}
