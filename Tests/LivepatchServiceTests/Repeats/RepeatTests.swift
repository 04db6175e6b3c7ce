import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("Changes that are asked for again")
struct RepeatTests {
    private func headers(_ key: String, ifMatch: String? = nil) throws -> HTTPFields {
        var headers: HTTPFields = [try #require(HTTPField.Name(HeaderNames.idempotencyKey)): key]
        if let ifMatch { headers[.ifMatch] = ifMatch }
        return headers
    }

    private let key = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""
    private let site = SyncTokenRequestBody(tier: Shorthand.edge, name: "site", validUntil: nil)

    @Test func `a token is issued once, and told again with its secret to whoever has the key`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let replayed = try #require(HTTPField.Name(HeaderNames.idempotencyReplayed))
        try await server.application.test(.router) { client in
            func issue(_ body: SyncTokenRequestBody, _ field: String) async throws -> TestResponse {
                try await client.send(
                    .post, Paths.syncTokens, token: session, headers: headers(field), body: DocumentCoding.encode(body))
            }
            let first = try await issue(site, key)
            #expect(first.status == .created && first.headers[replayed] == nil)
            let second = try await issue(site, key)
            #expect(second.status == .created && second.text == first.text && second.headers[replayed] == "true")
            #expect(try await issue(site, key.filter { $0 != "\"" }).text == first.text)
            #expect(try await server.tokens.syncTokens().count == 1)

            let other = SyncTokenRequestBody(tier: Shorthand.edge, name: "other", validUntil: nil)
            let reused = try await issue(other, key)
            #expect(reused.problem?.code == "idempotency-key-reused" && reused.status.code == 422)
            #expect(try await issue(site, "\"another key altogether\"").problem?.code == "malformed-request")
            #expect(try await issue(site, "\"another-key-altogether\"").problem?.code == "already-exists")

            server.clock.pass(RepeatedChanges.lifetime + 1)
            #expect(try await issue(site, key).problem?.code == "already-exists")
        }
    }

    @Test func `what was refused is tried again under the same key`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let command = ChangeRequestBody(
                command: .promote(version: PatchVersion(107, 1), tier: Shorthand.stable), dryRun: false)
            func promote() async throws -> TestResponse {
                try await client.send(
                    .post, Paths.changes, token: session, headers: headers(key), body: DocumentCoding.encode(command))
            }
            #expect(try await promote().problem?.code == "version-unknown")
            try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
            let done = try await promote()
            #expect(done.status == .ok)
            #expect(try await promote().text == done.text)
        }
    }

    @Test func `what is under way is not begun again, and what an earlier run left is not guessed at`() async throws {
        let database = InMemoryDatabase()
        let store = InMemoryRepeatStore(database)
        let now = Date(timeIntervalSince1970: 1_750_000_000)
        let changes = RepeatedChanges(store: store, now: { now })
        let key = try IdempotencyKey(field: key)
        let (steps, step) = AsyncStream.makeStream(of: Void.self)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await changes.make(key, by: "alice", request: [1]) {
                begin.yield()
                for await _ in steps { break }
                return [7]
            }
        }
        for await _ in begun { break }
        await #expect { _ = try await changes.make(key, by: "alice", request: [1]) { [8] } } throws: {
            ($0 as? LivepatchError)?.code == .idempotencyKeyInUse
        }
        let restarted = RepeatedChanges(store: store, now: { now })
        await #expect { _ = try await restarted.make(key, by: "alice", request: [1]) { [8] } } throws: {
            ($0 as? LivepatchError)?.code == .idempotencyOutcomeUnknown
        }
        #expect(try await changes.make(key, by: "bob", request: [1]) { [9] }.answer == [9], "another one's keys are others")
        // Whoever asked is gone: the change is made nevertheless.
        first.cancel()
        step.yield()
        #expect(try await first.value.answer == [7])
        let again = try await restarted.make(key, by: "alice", request: [1]) { [8] }
        #expect(again.answer == [7] && again.isRepeated)
    }

    @Test func `exactly the plan that was shown is carried out, or none`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let session = try await server.session()
        try await server.application.test(.router) { client in
            func ask(_ command: TierCommand, dryRun: Bool = false, ifMatch: String? = nil) async throws -> TestResponse {
                let headers: HTTPFields = ifMatch.map { [.ifMatch: $0] } ?? [:]
                return try await client.send(
                    .post, Paths.changes, token: session, headers: headers,
                    body: DocumentCoding.encode(ChangeRequestBody(command: command, dryRun: dryRun)))
            }
            let all = TierCommand.promoteAll(from: Shorthand.edge, to: Shorthand.stable)
            let tag = try #require(try await ask(all, dryRun: true).headers[.eTag])
            // Another patch arrives: promoting all would now promote it, too.
            try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2")
            _ = try await ask(.promote(version: PatchVersion(108, 1), tier: TierName(parsing: "beta")))
            let refused = try await ask(all, ifMatch: tag)
            #expect(refused.status == .preconditionFailed && refused.problem?.code == "precondition-failed")
            #expect(refused.problem?.detail.contains("patch promote 108.1 beta") == true, "\(refused.text)")
            #expect(try await ask(all, ifMatch: "\"none\"").problem?.code == "precondition-failed")

            let fresh = try await ask(all, dryRun: true)
            #expect(fresh.headers[.eTag] == "\"\(try fresh.decoded(ChangeResultBody.self).mark ?? "")\"")
            // What does not concern the plan is not in its way.
            _ = try await ask(.addTier(name: TierName(parsing: "last"), position: .last))
            server.clock.pass(60)
            let replanned = try await ask(all, ifMatch: fresh.headers[.eTag])
            #expect(replanned.status == .ok, "\(replanned.text)")

            // A tier on the way is concerned: it would get what it did not get before.
            let withdrawal = TierCommand.withdraw(version: PatchVersion(107, 1), tier: try TierName(parsing: "beta"))
            let shown = try #require(try await ask(withdrawal, dryRun: true).headers[.eTag])
            _ = try await ask(.addTier(name: TierName(parsing: "between"), position: .after(tier: TierName(parsing: "beta"))))
            #expect(try await ask(withdrawal, ifMatch: shown).problem?.code == "precondition-failed")

            // When a block was made is not what was shown.
            let block = TierCommand.block(version: PatchVersion(107, 1), reason: "It crashes.")
            let before = try #require(try await ask(block, dryRun: true).headers[.eTag])
            server.clock.pass(60)
            let blocked = try await ask(block, ifMatch: before)
            #expect(blocked.status == .ok, "\(blocked.text)")
        }
    }

    @Test func `the coverage table is not changed but as it was shown`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let entry = KernelCoverage(
            .init(series: try KernelSeries(parsing: "5.15"), flavour: try Flavour(parsing: "generic"), architecture: .amd64),
            coveredUntil: Date(timeIntervalSince1970: 2_000_000_000))
        try await server.application.test(.router) { client in
            func ask(_ change: CoverageChange, dryRun: Bool = false, ifMatch: String? = nil) async throws -> TestResponse {
                let headers: HTTPFields = ifMatch.map { [.ifMatch: $0] } ?? [:]
                return try await client.send(
                    .post, Paths.kernelCoverage, token: session, headers: headers,
                    body: DocumentCoding.encode(CoverageChangeBody(change: change, dryRun: dryRun)))
            }
            let empty = CoverageChange(replacesAll: true)
            _ = try await ask(CoverageChange(set: [entry]))
            let tag = try #require(try await ask(empty, dryRun: true).headers[.eTag])
            let other = KernelCoverage(
                .init(series: try KernelSeries(parsing: "6.8"), flavour: entry.flavour, architecture: .amd64),
                coveredUntil: entry.coveredUntil)
            _ = try await ask(CoverageChange(set: [other]))
            #expect(try await ask(empty, ifMatch: tag).problem?.code == "precondition-failed")
            #expect(try await server.parts.coverage.table().local.count == 2)
        }
    }
}
