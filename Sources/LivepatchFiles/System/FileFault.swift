import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A system call that failed, before it is put into words.
struct FileFault: Error {
    /// `errno`.
    let number: Int32
    /// What was tried, as in "cannot …": `write`, `create`.
    let attempt: String
    let path: String

    /// What the last system call of this thread reported.
    static func last(_ attempt: String, _ path: String) -> FileFault {
        FileFault(number: errno, attempt: attempt, path: path)
    }

    /// Nothing of that name is there.
    var isMissing: Bool { number == ENOENT }

    /// The process lacks the right.
    var isRefused: Bool { number == EACCES || number == EPERM }

    /// The fault in words for the person who runs the server.
    var error: LivepatchError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT:
            return LivepatchError(
                .storageFull,
                "Cannot \(attempt) '\(path)': \(number == EDQUOT ? "the quota is used up" : "its file system is full").",
                suggestion: "Free space there, give it more, or let 'livepatch-admin storage gc' delete what nothing refers to.")
        case EFBIG:
            return LivepatchError(
                .storageFull, "Cannot \(attempt) '\(path)': a file may not become that long here.",
                suggestion: "Raise the limit on the size of files (LimitFSIZE in a systemd unit, ulimit -f in a shell).")
        case ENOENT:
            return LivepatchError(
                .storageUnavailable, "Cannot \(attempt) '\(path)': there is no such file or directory.",
                suggestion: "If somebody deleted it while this program ran, start the program again.")
        case EACCES, EPERM:
            return LivepatchError(
                .storageUnavailable, "Cannot \(attempt) '\(path)': permission denied.",
                suggestion: "Let the user that runs this program own the directory.")
        case EROFS:
            return LivepatchError(
                .storageUnavailable, "Cannot \(attempt) '\(path)': its file system is mounted read-only.",
                suggestion: "Mount it writable; if that happened by itself, look for disk errors in the kernel's log.")
        case EIO:
            return LivepatchError(
                .storageUnavailable, "Cannot \(attempt) '\(path)': the medium reports an error.",
                suggestion:
                    "Look for disk errors in the kernel's log, and check what is stored with 'livepatch-admin storage verify'.")
        case EMFILE, ENFILE:
            return LivepatchError(
                .storageUnavailable, "Cannot \(attempt) '\(path)': too many files are open.",
                suggestion: "Raise the limit of open files (LimitNOFILE in a systemd unit, ulimit -n in a shell).")
        default:
            return LivepatchError(.storageUnavailable, "Cannot \(attempt) '\(path)': \(reason).")
        }
    }
}
