import LivepatchService
import UnixSignals

/// Tells the security log which signal stops the server. It stops nothing itself.
struct StopSignalWitness {
    private let watching: Task<Void, Never>

    init(_ security: SecurityLog) {
        watching = Task {
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                security.record(.signal(signal == .sigterm ? "SIGTERM" : "SIGINT"))
                return
            }
        }
    }

    /// Waits until the signal that stopped the server has been told: a moment at most, if something else has.
    func end() async {
        let patience = Task {
            try? await Task.sleep(for: .seconds(1))
            watching.cancel()
        }
        await watching.value
        patience.cancel()
    }
}
