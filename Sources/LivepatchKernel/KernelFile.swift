import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files of /proc and /sys: small, and without a length of their own.
enum KernelFile {
    /// The most that is read of one, in bytes.
    private static let limit = 1 << 20

    /// The text without white space at its ends; `nil` if there is no such file, or it goes while it is read.
    /// - Parameter read: the system call.
    /// - Throws: ``LivepatchError`` with the code `permission-missing` or `kernel-refused`.
    static func text(
        _ path: String, read: (Int32, UnsafeMutableRawPointer, Int) -> Int = systemRead
    ) throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if isGone(errno) { return nil }
            throw KernelFault.file("read", path, errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                if isGone(errno) { return nil }
                throw KernelFault.file("read", path, errno)
            }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return trimmed(String(decoding: bytes, as: UTF8.self))
    }

    /// Whether an error number says that what a file stands for is not there, or not any more: of what leaves /sys, files that are open
    /// already answer ENODEV.
    static func isGone(_ number: Int32) -> Bool { [ENOENT, ENOTDIR, ENODEV].contains(number) }

    /// Whether a switch such as `enabled` stands at 1; `nil` if there is none.
    static func flag(_ path: String) throws -> Bool? { try text(path).map { $0 == "1" } }

    /// Writes a short text to a switch, in one call.
    /// - Throws: ``LivepatchError``, as `meaning` puts the error number into words.
    static func write(_ text: String, to path: String, meaning: (Int32) -> LivepatchError) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC)
        guard descriptor >= 0 else { throw meaning(errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        while true {
            let count = systemWrite(descriptor, bytes)
            if count == bytes.count { return }
            guard errno == EINTR else { throw meaning(errno) }
        }
    }

    /// The names in a directory, sorted; none if it is not there.
    static func names(in path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true || rest.first == "\0" { rest.removeFirst() }
        while rest.last?.isWhitespace == true || rest.last == "\0" { rest.removeLast() }
        return String(rest)
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: Int32, _ bytes: [UInt8]) -> Int { write(descriptor, bytes, bytes.count) }
