#if canImport(Glibc)
    import Glibc
    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#elseif canImport(Musl)
    import Musl
    private let openFiles = RLIMIT_NOFILE
#else
    import Darwin
    private let openFiles = RLIMIT_NOFILE
#endif

/// How many files, connections among them, this process may have open.
public enum OpenFiles {
    /// Raises the number to what the system allows at most.
    /// - Returns: the number that then holds, no more than ten million.
    public static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        // More than that no system opens, and some refuse a number without end.
        let most = min(limit.rlim_max, 1 << 20)
        if before < most {
            limit.rlim_cur = most
            if setrlimit(openFiles, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(min(limit.rlim_cur, 10_000_000))
    }
}
