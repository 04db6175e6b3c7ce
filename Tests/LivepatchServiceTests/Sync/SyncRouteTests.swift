import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Synchronization
import Testing

@testable import LivepatchService

@Suite("Syncs over the wire")
struct SyncRouteTests {
    private func lines(_ response: TestResponse) throws -> [SyncEventBody] {
        try response.text.split(separator: "\n").map { try DocumentCoding.decode(SyncEventBody.self, from: Array($0.utf8)) }
    }

    private static func report(_ result: SyncReport.Result) -> SyncReport {
        let time = Date(timeIntervalSince1970: 1_750_000_000)
        return SyncReport(started: time, ended: time, result: result)
    }

    @Test func `a trigger that waits tells the beginning, the way and the end`() async throws {
        let server = try await ServerUnderTest { _, progress in
            for files in 0...3 {
                progress(
                    SyncProgress(started: Date(timeIntervalSince1970: 0), phase: .transferring, filesToFetch: 3, filesDone: files)
                )
            }
            return Self.report(.complete)
        }
        let session = try await server.session()
        try await server.application.test(.live) { client in
            let response = try await client.post(Paths.sync, SyncTriggerBody(wait: true, acceptRemovals: false), token: session)
            #expect(response.headers[.contentType] == "application/x-ndjson")
            let events = try lines(response)
            #expect(events.first == .started(joined: false))
            guard case .ended(let report)? = events.last else {
                Issue.record("The stream ended with \(String(describing: events.last))")
                return
            }
            #expect(report.result == .complete)
            #expect(events.dropFirst().dropLast().allSatisfy { if case .progress = $0 { true } else { false } })
            let status = try await client.send(.get, Paths.sync, token: session).decoded(SyncStatusBody.self)
            #expect(status.enabled)
            #expect(status.last?.id == report.id)
            #expect(status.lastSuccess == report.ended)
            let reports = try await client.send(.get, Paths.syncReports, token: session).decoded(SyncReportsBody.self)
            #expect(reports.reports.map(\.id) == [report.id])
        }
    }

    @Test func `who does not wait gets one line, and who comes later joins`() async throws {
        let gate = Gate()
        let server = try await ServerUnderTest { _, _ in
            await gate.wait()
            return Self.report(.unchanged)
        }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let body = SyncTriggerBody(wait: false, acceptRemovals: false)
            #expect(try lines(await client.post(Paths.sync, body, token: session)) == [.started(joined: false)])
            #expect(try lines(await client.post(Paths.sync, body, token: session)) == [.started(joined: true)])
            let status = try await client.send(.get, Paths.sync, token: session).decoded(SyncStatusBody.self)
            #expect(status.running != nil)
            await gate.open()
        }
    }

    @Test(arguments: [SyncReport.Result.unchanged, .failed])
    func `who waits for a sync that had begun before gets one more, which cannot have missed anything`(
        later: SyncReport.Result
    ) async throws {
        let gate = Gate()
        let begun = Gate()
        let runs = Mutex(0)
        let server = try await ServerUnderTest { _, progress in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            guard run == 1 else { return Self.report(later) }
            progress(SyncProgress(started: Date(timeIntervalSince1970: 0), phase: .transferring))
            await begun.open()
            await gate.wait()
            return Self.report(.complete)
        }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            _ = try await client.post(Paths.sync, SyncTriggerBody(wait: false, acceptRemovals: false), token: session)
            await begun.wait()
            async let answer = client.post(Paths.sync, SyncTriggerBody(wait: true, acceptRemovals: false), token: session)
            // The second has joined when it is in the log.
            while server.log.lines.count(where: { $0.contains("sync trigger") }) < 2 { await Task.yield() }
            await gate.open()
            let events = try lines(try await answer)
            #expect(events.first == .started(joined: true))
            guard case .ended(let report)? = events.last else {
                Issue.record("The stream ended with \(String(describing: events.last))")
                return
            }
            #expect(report.result == (later == .unchanged ? .complete : later), "what came is told, and what failed last")
            #expect(runs.withLock { $0 } == 2)
        }
    }

    @Test func `while a sync says nothing, its last word is repeated`() async throws {
        let gate = Gate()
        let server = try await ServerUnderTest { _, progress in
            progress(SyncProgress(started: Date(timeIntervalSince1970: 0), phase: .transferring))
            await gate.wait()
            return Self.report(.unchanged)
        }
        let session = try await server.session()
        let feed = LineFeed<SyncEventBody>(heartbeat: .milliseconds(5))
        feed.progress(.started(joined: true))
        var seen = 0
        for await line in feed.lines {
            #expect(line == .started(joined: true))
            seen += 1
            if seen == 4 { break }
        }
        feed.listenerLeft()
        await gate.open()
        #expect(!session.isEmpty)
    }

    @Test func `a failure to begin is the stream's last line`() async throws {
        let server = try await ServerUnderTest { _, _ in
            throw LivepatchError(.databaseUnavailable, "The database is gone.")
        }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let events = try lines(
                await client.post(Paths.sync, SyncTriggerBody(wait: true, acceptRemovals: false), token: session))
            guard case .problem(let problem)? = events.last else {
                Issue.record("The stream ended with \(String(describing: events.last))")
                return
            }
            #expect(problem.code == "database-unavailable")
        }
    }

    @Test func `the confirmation of removals reaches the sync`() async throws {
        let accepted = Mutex<[Bool]>([])
        let server = try await ServerUnderTest { acceptsRemovals, _ in
            accepted.withLock { $0.append(acceptsRemovals) }
            return Self.report(.unchanged)
        }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for value in [true, false] {
                _ = try await client.post(Paths.sync, SyncTriggerBody(wait: true, acceptRemovals: value), token: session)
            }
        }
        #expect(accepted.withLock { $0 } == [true, false])
    }

    @Test func `a server without an upstream says so`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.post(Paths.sync, SyncTriggerBody(wait: true, acceptRemovals: false), token: session)
            #expect(response.status == .conflict)
            #expect(response.problem?.code == "sync-not-configured")
            let status = try await client.send(.get, Paths.sync, token: session).decoded(SyncStatusBody.self)
            #expect(!status.enabled)
            #expect(status.intervalSeconds == nil)
        }
    }
}

/// Something that one waits at until another opens it.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
