import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the kernel's error numbers mean where modules and live patches are concerned.
enum KernelFault {
    #if os(Linux)
        private static let keyRejected = EKEYREJECTED
        private static let noKey = ENOKEY
    #else
        private static let keyRejected: Int32 = 129
        private static let noKey: Int32 = 126
    #endif

    /// A module was not taken.
    /// - Parameter log: what the kernel's log says of it, if that could be read.
    static func insertion(_ name: String, _ number: Int32, log: [String]) -> LivepatchError {
        let said = log.isEmpty ? "" : " Its log says: \(log.joined(separator: "; "))"
        func refused(_ reason: String, _ suggestion: String? = nil, code: LivepatchError.Code = .kernelRefused) -> LivepatchError
        {
            LivepatchError(code, "The kernel did not take the module of \(name): \(reason).\(said)", suggestion: suggestion)
        }
        switch number {
        case EINVAL:
            return refused(
                "it is not a live patch, or a function that it replaces is not in this kernel (EINVAL)",
                log.isEmpty ? "Look into the kernel's log (dmesg) for the reason." : nil)
        case ENOEXEC:
            return refused(
                "it was built for another kernel, or its file is damaged (ENOEXEC)",
                log.isEmpty ? "Look into the kernel's log (dmesg) for the reason." : nil)
        case EPERM, EACCES:
            return refused(
                "this process may not load modules, or the kernel is locked down and takes none from here",
                "Run as root with CAP_SYS_MODULE; see also /sys/kernel/security/lockdown and /proc/sys/kernel/modules_disabled.",
                code: .permissionMissing)
        case keyRejected:
            return refused(
                "its signature is missing or not by a key that this kernel trusts (Key was rejected by service)",
                "Enroll the key that signs the patches (mokutil --import), or ask whoever builds them to sign with one that is.")
        case noKey:
            return refused(
                "it is signed by a key that this kernel does not know (Required key not available)",
                "Enroll the key that signs the patches (mokutil --import).")
        case EBADMSG: return refused("its signature is malformed (EBADMSG)")
        case EEXIST: return refused("a module of that name is loaded already", "Unload it (rmmod), or reboot.")
        case EBUSY:
            return refused("another change of live patches is under way (EBUSY)", "It is tried again at the next check-in.")
        case ENOENT: return refused("a symbol that it needs is not in this kernel (ENOENT)")
        case ENOMEM: return refused("there is not enough memory", "It is tried again at the next check-in.")
        case ENOSYS: return refused("this system has no loadable modules (ENOSYS)", code: .livepatchUnavailable)
        default: return refused(words(number))
        }
    }

    static func disabling(_ patch: String, _ number: Int32) -> LivepatchError {
        let reason =
            switch number {
            case EBUSY: "another transition is under way (EBUSY)"
            case EINVAL: "the kernel does not let this patch go (EINVAL)"
            case EPERM, EACCES: "this process may not change live patches; run it as root"
            case ENOENT: "it is not in the kernel any more"
            default: words(number)
            }
        return LivepatchError(
            number == EPERM || number == EACCES ? .permissionMissing : .kernelRefused,
            "The live patch '\(patch)' cannot be disabled: \(reason).")
    }

    static func removal(_ module: String, _ number: Int32) -> LivepatchError {
        let reason =
            switch number {
            case EWOULDBLOCK, EBUSY: "it is in use"
            case ENOENT: "it is not loaded"
            case EPERM: "this process may not unload modules; run it as root with CAP_SYS_MODULE"
            default: words(number)
            }
        return LivepatchError(
            number == EPERM ? .permissionMissing : .kernelRefused, "The module '\(module)' cannot be unloaded: \(reason).")
    }

    static func file(_ attempt: String, _ path: String, _ number: Int32) -> LivepatchError {
        LivepatchError(
            number == EPERM || number == EACCES ? .permissionMissing : .kernelRefused,
            "Cannot \(attempt) '\(path)': \(words(number)).",
            suggestion: number == EPERM || number == EACCES ? "Run it as root." : nil)
    }

    static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}
