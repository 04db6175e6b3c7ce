public import ServiceLifecycle
public import UnixSignals

/// Does something whenever a signal arrives, until the server stops.
public struct SignalService: Service {
    private let signal: UnixSignal
    private let handle: @Sendable () async -> Void

    public init(on signal: UnixSignal, _ handle: @escaping @Sendable () async -> Void) {
        self.signal = signal
        self.handle = handle
    }

    public func run() async throws {
        let signals = await UnixSignalsSequence(trapping: [signal]).cancelOnGracefulShutdown()
        for await _ in signals { await handle() }
    }
}
