public import LivepatchKit
public import ServiceLifecycle

/// Listens to each upstream until the server stops.
public struct ListeningService: Service {
    private let listeners: [UpstreamListener]

    public init(_ listeners: [UpstreamListener]) { self.listeners = listeners }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for listener in listeners { group.addTask { await listener.run() } }
            }
        }
    }
}
