import CKernel
import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A module's bytes in a file that nobody can change any more, open for reading: what was verified is what is loaded.
final class SealedModule {
    let descriptor: Int32

    /// - Throws: ``LivepatchError`` with the code `kernel-refused`.
    init(_ bytes: [UInt8]) throws {
        let writable = ckernel_memory_file("livepatch-module")
        guard writable >= 0 else { throw Self.failure("make a file in memory") }
        defer { close(writable) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(writable, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write a module into memory") }
            written += count
        }
        guard ckernel_seal(writable) == 0 else { throw Self.failure("seal a module in memory") }
        // The kernel reads modules from files that nobody has open for writing.
        descriptor = open("/proc/self/fd/\(writable)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open a module in memory") }
    }

    deinit { close(descriptor) }

    private static func failure(_ attempt: String) -> LivepatchError {
        LivepatchError(
            .kernelRefused, "Cannot \(attempt): \(KernelFault.words(errno)).",
            suggestion: "The agent needs /proc mounted, and memory for the module.")
    }
}
