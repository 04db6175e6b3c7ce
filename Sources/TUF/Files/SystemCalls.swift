#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system calls on which a file's wholeness after a crash rests. They are handed in, so that a test can let one fail.
/// Like the calls themselves they return -1 and set `errno`.
struct SystemCalls: Sendable {
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    /// Brings a file or a directory to the medium.
    var flush: @Sendable (_ descriptor: Int32) -> Int32
    var rename: @Sendable (_ old: String, _ new: String) -> Int32

    static let system = SystemCalls(
        write: { descriptor, bytes in
            #if canImport(Glibc)
                Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
        },
        flush: { fsync($0) },
        rename: { old, new in
            #if canImport(Glibc)
                Glibc.rename(old, new)
            #elseif canImport(Musl)
                Musl.rename(old, new)
            #else
                Darwin.rename(old, new)
            #endif
        })
}

extension TUFError {
    /// What the last system call that failed says.
    static func system(_ attempt: String, _ path: String) -> TUFError {
        TUFError(.storage, "Cannot \(attempt) \(path): \(String(cString: strerror(errno))).")
    }
}
