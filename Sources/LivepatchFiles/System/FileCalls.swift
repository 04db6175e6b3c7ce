import CMedium

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system calls on which durability rests. They are handed in, so that a test can watch their order and let one fail;
/// like the calls themselves they return -1 and set `errno`.
struct FileCalls: Sendable {
    /// Writes at an offset; returns how many bytes it took.
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Int
    /// Brings a file's bytes and length to the medium.
    var flush: @Sendable (_ descriptor: Int32, _ path: String) -> Int32
    /// Brings a directory's entries to the medium.
    var flushDirectory: @Sendable (_ descriptor: Int32, _ path: String) -> Int32
    /// Brings everything to the medium that a file system has not written yet, of whatever files and directories. Fails with `ENOTSUP`
    /// where that is not known to promise as much as flushing each of them.
    var flushFileSystem: @Sendable (_ descriptor: Int32) -> Int32
    /// Whether all bytes of a file that were written to the medium by others than ``flush`` came there. A failure is reported once.
    var check: @Sendable (_ descriptor: Int32, _ path: String) -> Int32
    /// Gives a file another name, in one step.
    var rename: @Sendable (_ old: String, _ new: String) -> Int32

    static let system = FileCalls(
        write: { descriptor, bytes, offset in pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset)) },
        flush: { descriptor, _ in
            #if canImport(Darwin)
                fcntl(descriptor, F_FULLFSYNC)
            #else
                fdatasync(descriptor)
            #endif
        },
        flushDirectory: { descriptor, _ in fsync(descriptor) },
        flushFileSystem: { cmedium_flush_file_system($0) },
        check: { descriptor, _ in cmedium_check(descriptor) },
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
