import LivepatchAPI
public import LivepatchKit
public import ServiceLifecycle

/// Announces changes to whoever listens, until the server stops; then all streams end. Put it where it is stopped before the
/// connections are waited for.
public struct PushService: Service {
    private let watch: ViewWatch
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameter sleep: waits, and throws when it is cancelled.
    public init(
        _ watch: ViewWatch, sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.watch = watch
        self.sleep = sleep
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run() }
                group.addTask {
                    while (try? await sleep(HeadEvents.heartbeat)) != nil { await watch.beat() }
                }
            }
        }
        await watch.close()
    }
}
