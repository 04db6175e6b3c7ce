import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct TokenUseTests {
    /// Counts what a store is told of uses.
    private final class CountingStore: TokenStore {
        let store = InMemoryTokenStore(InMemoryDatabase())
        private let count = Mutex(0)
        var noted: Int { count.withLock { $0 } }

        func noteUse(hash: SHA256Digest, time: Date, deployment: DeploymentID?) async throws {
            count.withLock { $0 += 1 }
            try await store.noteUse(hash: hash, time: time, deployment: deployment)
        }

        func syncTokens() async throws -> [SyncToken] { try await store.syncTokens() }
        func syncTokenAndRevision(hash: SHA256Digest) async throws -> (token: SyncToken?, revision: CatalogRevision) {
            try await store.syncTokenAndRevision(hash: hash)
        }
        func add(_ token: SyncToken, entry: ChangeEntry) async throws { try await store.add(token, entry: entry) }
        func update(
            _ name: String, entry: ChangeEntry, _ change: @Sendable (inout SyncToken) throws -> Void
        ) async throws -> SyncToken { try await store.update(name, entry: entry, change) }
    }

    @Test func `a store is told of a use only where that says something new, and asked about the token every time`() async throws
    {
        let clock = ManualClock()
        let store = CountingStore()
        let authority = TokenAuthority(tokens: store, now: { clock.date })
        let issuer = TokenIssuer(tokens: store, now: { clock.date })
        let secret = try await issuer.add(tier: "edge", name: "site", validUntil: nil, by: "alice").secret
        for _ in 0..<10 { _ = try await authority.decide(secret, from: "one") }
        #expect(store.noted == 1)
        _ = try await authority.decide(secret, from: "two")
        #expect(store.noted == 2)
        clock.advance(by: .seconds(61))
        for _ in 0..<10 { _ = try await authority.decide(secret, from: "two") }
        #expect(store.noted == 3)
        #expect(try await store.syncTokens().first?.lastUsed == Timestamp.wholeSecond(clock.date))

        try await issuer.revoke("site", by: "alice")
        guard case .refused(.revoked, name: "site") = try await authority.decide(secret, from: "two") else {
            Issue.record("the revoked token was accepted")
            return
        }
        #expect(store.noted == 3)
    }
}
