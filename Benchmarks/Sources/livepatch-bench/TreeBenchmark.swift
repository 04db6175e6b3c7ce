import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit

/// Changes at an origin, until every one of many simulated downstreams below ten real servers has seen them.
struct TreeBenchmark {
    let bench: Workbench

    private static let branches = 10
    private static let leaves = 100
    private static let patience = Duration.seconds(60)

    /// A change that is under way.
    private final class Change {
        let document: DocumentName
        let isIn: ([UInt8]) -> Bool
        let start = ContinuousClock.now
        var seen: [Double] = []
        var seers: Set<Int> = []

        init(_ change: PushedChange) {
            document = change.document
            isIn = change.isIn
        }

        func look(_ leaf: Int, _ body: [UInt8]) {
            guard !seers.contains(leaf), isIn(body) else { return }
            seers.insert(leaf)
            seen.append(start.duration(to: .now) / .seconds(1))
        }
    }

    /// What all simulated downstreams look for.
    private final class Search {
        var change: Change?
        var listening = 0
        var trouble: String?
    }

    func run() async throws -> [Figure] {
        let count = Self.branches * Self.leaves
        _ = Loopback.raiseFileLimit(to: 16_384)
        try await PushedVersion.release(into: bench.path("tree-origin"))
        let origin = try await RunningServer(bench.server, dataDirectory: bench.path("tree-origin"))
        defer { origin.stop() }
        var servers: [RunningServer] = []
        defer { for server in servers { server.stop() } }
        let crowd = Crowd()
        let search = Search()
        let administrator = try await origin.administrator()
        for branch in 0..<Self.branches {
            let server = try await RunningServer(
                bench.server, dataDirectory: bench.path("tree-\(branch)"),
                upstream: origin, token: try await origin.issueToken("branch-\(branch)"))
            servers.append(server)
            let token = try await server.issueToken("leaves")
            let watcher = try HTTPUpstream(ServerAddress(parsing: server.address), token: token)
            try await PushedVersion.arrival(at: watcher)
            await watcher.close()
            for leaf in 0..<Self.leaves {
                try listen(crowd, server.port, token, branch * Self.leaves + leaf, search)
            }
        }
        try await wait(crowd, search, "listening") { search.listening == count }
        bench.say("push: a tree of 1 × \(Self.branches) × \(Self.leaves), \(bench.scale.treeChanges) changes")
        var figures: [Figure] = []
        for (name, changes) in [("promotion", try PushedVersion.promotions), ("block", PushedVersion.blocks)] {
            var seconds: [Double] = []
            for index in 0..<bench.scale.treeChanges / 2 {
                let change = changes[index % 2]
                let current = Change(change)
                search.change = current
                let applying = Task { try await administrator.change(change.command) }
                try await wait(crowd, search, name) { current.seen.count == count }
                _ = try await applying.value
                seconds += current.seen
            }
            let what = "\(name) at the origin, seen by \(count) below \(Self.branches) servers"
            figures += [
                Figure("\(what): median", .seconds, [Figure.median(seconds)]),
                Figure("\(what): 99th percentile", .seconds, [Figure.percentile99(seconds)], target: .atMost(1)),
            ]
        }
        await administrator.close()
        return figures
    }

    private func wait(_ crowd: Crowd, _ search: Search, _ what: String, until isDone: () -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while !isDone() {
            crowd.turn(20)
            await Task.yield()
            guard search.trouble == nil, ContinuousClock.now < deadline else {
                throw LivepatchError(
                    .internalFault, "The tree did not come to its end (\(what)): \(search.trouble ?? "it took too long").")
            }
        }
    }

    /// What a simulated downstream does with the answers to its two requests.
    private static func answers(
        _ crowd: Crowd, _ leaf: Int, _ search: Search
    ) -> (Crowd.Connection, AnswerParser.Event) -> Void {
        var count = 0
        return { connection, event in
            switch event {
            case .answer(let answer) where answer.status == 200: search.change?.look(leaf, answer.body)
            // A tier's document is missing while the tier is.
            case .answer(let answer) where answer.status == 404: search.change?.look(leaf, [])
            case .answer(let answer): search.trouble = "status \(answer.status)"
            case .piece, .closed: search.trouble = "a connection was closed"
            }
            count += 1
            if count == 2 { crowd.close(connection) }
        }
    }

    /// A simulated downstream: it holds one request open, and asks on another connection for what has changed when it is told.
    private func listen(_ crowd: Crowd, _ port: Int, _ token: String, _ leaf: Int, _ search: Search) throws {
        let request = { (path: String) in
            Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
        }
        var isListening = false
        let listening = try crowd.open(port) { _, event in
            guard case .piece(let piece) = event else {
                search.trouble = "a listener was sent away"
                return
            }
            if !isListening {
                isListening = true
                search.listening += 1
            }
            guard piece.count > 8, let change = search.change, !change.seers.contains(leaf) else { return }
            do {
                // A connection of its own: one that was idle before would be ended by the server.
                let asking = try crowd.open(port, heard: Self.answers(crowd, leaf, search))
                crowd.send(request(Paths.syncHead) + request(Paths.syncDocument(change.document)), on: asking)
            } catch {
                search.trouble = "\(error)"
            }
        }
        crowd.send(request(Paths.syncEvents), on: listening)
    }
}
