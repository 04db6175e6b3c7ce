#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the kernel's log says from some moment on, as far as this process may read it (`/dev/kmsg`).
final class KernelLog {
    private let descriptor: Int32

    /// Begins at the log's present end.
    init(at path: String) {
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor >= 0 { lseek(descriptor, 0, SEEK_END) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The new lines that concern modules and live patches; a few at most.
    /// - Parameter module: the module's name.
    func lines(about module: String) -> [String] {
        guard descriptor >= 0 else { return [] }
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 8 << 10)
        // Each call gives one record: "6,1234,5678,-;text", then lines of particulars that begin with a space.
        while lines.count < 200 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EPIPE || errno == EINTR { continue }
            guard count > 0 else { break }
            for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") where !line.hasPrefix(" ") {
                lines.append(String(line[(line.firstIndex(of: ";").map { line.index(after: $0) } ?? line.startIndex)...]))
            }
        }
        let telling = lines.filter { line in
            [module, "livepatch", "module verification", "Loading of", "disagrees about", "Lockdown"].contains {
                line.contains($0)
            }
                && !line.contains("taint") && !line.contains("loading out-of-tree")
        }
        return Array(telling.suffix(4))
    }
}
