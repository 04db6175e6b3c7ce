import NIOPosix

/// Work that blocks its thread, kept off the threads that everything else runs on.
enum BlockingWork {
    /// Runs the work on a thread that may block.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(work)
    }
}
