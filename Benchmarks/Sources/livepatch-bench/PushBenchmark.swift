import Foundation
import LivepatchHTTP
import LivepatchKit

/// Changes at an origin, until they are seen at the end of a chain: real servers on loopback, each with the next below it.
struct PushBenchmark {
    let bench: Workbench

    private static let servers = 5
    private static let patience = Duration.seconds(30)

    func run() async throws -> [Figure] {
        try await PushedVersion.release(into: bench.path("push-0"))
        var chain: [RunningServer] = []
        defer { for server in chain.reversed() { server.stop() } }
        chain.append(try await RunningServer(bench.server, dataDirectory: bench.path("push-0")))
        for index in 1..<Self.servers {
            let upstream = chain[index - 1]
            chain.append(
                try await RunningServer(
                    bench.server, dataDirectory: bench.path("push-\(index)"), upstream: upstream,
                    token: try await upstream.issueToken("next")))
        }
        let last = chain[Self.servers - 1]
        let administrator = try await chain[0].administrator()
        let watcher = try HTTPUpstream(
            ServerAddress(parsing: last.address), token: try await last.issueToken("watcher"))
        try await PushedVersion.arrival(at: watcher)
        bench.say("push: a chain of \(Self.servers) servers, \(bench.scale.pushedChanges) changes")
        var figures: [Figure] = []
        var all: [Double] = []
        for (name, changes) in [("promotion", try PushedVersion.promotions), ("block", PushedVersion.blocks)] {
            let seconds = try await measure(changes, administrator, watcher)
            figures.append(Figure("\(name) at the origin, seen at the last of \(Self.servers)", .seconds, seconds))
            all += seconds
        }
        figures.append(
            Figure(
                "\(all.count) changes, seen at the last of \(Self.servers): 99th percentile", .seconds,
                [Figure.percentile99(all)], target: .atMost(1)))
        await watcher.close()
        await administrator.close()
        return figures
    }

    private func measure(
        _ changes: [PushedChange], _ administrator: AdminClient, _ watcher: HTTPUpstream
    ) async throws -> [Double] {
        let (events, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant?.self)
        let listening = Task {
            defer { continuation.finish() }
            for try await _ in try await watcher.headTags() { continuation.yield(.now) }
        }
        defer { listening.cancel() }
        var heard = events.makeAsyncIterator()
        // The first event tells of what is there already.
        _ = await heard.next()
        var seconds: [Double] = []
        for index in 0..<bench.scale.pushedChanges / 2 {
            let change = changes[index % 2]
            let start = ContinuousClock.now
            _ = try await administrator.change(change.command)
            let timer = Task {
                try await Task.sleep(for: Self.patience)
                continuation.yield(nil)
            }
            defer { timer.cancel() }
            var seen: ContinuousClock.Instant?
            while seen == nil {
                guard case .some(.some(let event)) = await heard.next() else {
                    throw LivepatchError(.internalFault, "'\(change.command)' did not arrive within \(Self.patience).")
                }
                // What came before is of the change before.
                if event > start, try await change.isIn(PushedVersion.document(change.document, at: watcher)) { seen = event }
            }
            if let seen { seconds.append(start.duration(to: seen) / .seconds(1)) }
        }
        return seconds
    }
}
