import FoundationEssentials
import LivepatchKit
import Logging
import Synchronization
import Testing

@Suite("Listening to an upstream") struct UpstreamListenerTests {
    /// What the attempts to listen bring, one after the other, and what became of them.
    private final class Announcer: HeadAnnouncer {
        enum Turn: Sendable {
            case tags([String], breaksOff: Bool = false)
            case fails(any Error & Sendable)
        }

        private let turns: Mutex<[Turn]>

        init(_ turns: [Turn]) { self.turns = Mutex(turns) }

        func headTags() async throws -> AsyncThrowingStream<String, any Error> {
            switch turns.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            case .tags(let tags, let breaksOff):
                return AsyncThrowingStream { continuation in
                    for tag in tags { continuation.yield(tag) }
                    continuation.finish(
                        throwing: breaksOff ? LivepatchError(.upstreamTimeout, "The upstream is silent.") : nil)
                }
            case .fails(let error): throw error
            case nil: throw CancellationError()
            }
        }

        func address() async -> String { "https://up.example" }
        func head(unless tag: String?) async throws -> UpstreamDocument? { nil }
        func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument { throw CancellationError() }
        func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? { nil }
        func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream { throw CancellationError() }
    }

    /// Runs through all turns.
    /// - Returns: how often something new was heard, and the pauses between the attempts.
    private func listen(_ turns: [Announcer.Turn], knowing tag: String? = nil) async throws -> (heard: Int, pauses: [Duration]) {
        let heard = Mutex(0)
        let pauses = Mutex<[Duration]>([])
        let listener = UpstreamListener(
            to: Announcer(turns), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, has: { $0 == tag },
            sleep: { pause in
                let count = pauses.withLock { pauses in
                    pauses.append(pause)
                    return pauses.count
                }
                if count == turns.count { throw CancellationError() }
            }, jitter: { 1 }, heard: { _ in heard.withLock { $0 += 1 } })
        await listener.run()
        return (heard.withLock { $0 }, pauses.withLock { $0 })
    }

    @Test func `what this server has already is no news, and nothing is news twice`() async throws {
        #expect(try await listen([.tags(["a", "b", "b", "c"])], knowing: "a").heard == 2)
        #expect(try await listen([.tags(["a"]), .tags(["a", "b"])]).heard == 2)
        #expect(try await listen([.tags(["a"])], knowing: "a").heard == 0)
    }

    @Test func `pauses grow with failures, and are short again after a success`() async throws {
        let lost = LivepatchError(.upstreamUnreachable, "It is away.")
        let pauses = try await listen([.fails(lost), .fails(lost), .fails(lost), .tags(["a"]), .tags([], breaksOff: true)]).pauses
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(1), .seconds(1)])
    }

    @Test func `an upstream that announces nothing is left alone for long, a busy one for as long as it says`() async throws {
        let busy = UpstreamBusy(retryAfter: .seconds(40), error: LivepatchError(.upstreamFailed, "It is busy."))
        let pauses = try await listen([.fails(LivepatchError(.upstreamLacks, "It has none.")), .fails(busy)]).pauses
        #expect(pauses == [.seconds(600), .seconds(60)])
    }

    @Test func `pauses are bounded, and differ`() {
        let schedule = ReconnectSchedule()
        for failures in 0...100 {
            let pauses = [0, 0.5, 1].map { schedule.pause(afterFailures: failures, jitter: $0) }
            #expect(pauses[0] < pauses[1] && pauses[1] < pauses[2] && pauses[2] <= .seconds(60))
        }
    }
}
