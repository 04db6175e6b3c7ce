import FoundationEssentials
import LivepatchTesting
import TUF
import Testing

@testable import LivepatchKit

@Suite struct `What a server has pinned` {
    private static let now = Date(timeIntervalSince1970: 1_750_000_000)

    private func root(_ version: Int) async throws -> [UInt8] {
        var root = Metadata(Root(version: version, expires: MetadataTime(secondsSince1970: 1_780_000_000)))
        try await root.sign(with: SigningKey.generateEd25519())
        return root.document
    }

    @Test func `each repository is told with the root that trust began with, and what has come of it`() async throws {
        let trust = InMemoryTrustStorage()
        let (first, third) = (try await root(1), try await root(3))
        for repository in [TrustedRepository.view("edge", owner: "regional"), .origin("origin")] {
            let cache = try await trust.trusted(repository)
            try await cache.write(first, for: TrustAnchors.role)
            try await cache.write(third, for: RoleName.root)
        }
        var timestamp = Metadata(TUF.Timestamp(version: 1, expires: MetadataTime(secondsSince1970: 1_750_003_600)))
        try await timestamp.sign(with: SigningKey.generateEd25519())
        try await trust.trusted(.origin("origin")).write(timestamp.document, for: RoleName.timestamp)
        let fingerprint = SHA256Digest(of: first)
        let pins = try await TrustPins(trust, configured: []).pins(at: Self.now)
        #expect(pins.map(\.kind) == [.origin, .tiers])
        #expect(pins.map(\.signer) == ["origin", "regional"])
        #expect(pins.map(\.view) == [nil, "edge"])
        #expect(pins.allSatisfy { $0.fingerprint == fingerprint && $0.rootVersion == 3 && !$0.isConfigured })
        #expect(pins.first?.expires == Self.now + 3600 && pins.first?.state == .good)
        #expect(pins.last?.expires == nil && pins.last?.state == nil)
        #expect(try await TrustPins(trust, configured: [fingerprint]).pins(at: Self.now).allSatisfy(\.isConfigured))
        #expect(
            try await TrustPins(trust, configured: [SHA256Digest(of: third)]).pins(at: Self.now).allSatisfy { !$0.isConfigured })
    }

    @Test func `what is damaged is not told as trusted`() async throws {
        let trust = InMemoryTrustStorage()
        try await trust.trusted(.origin("origin")).write(try await root(1), for: TrustAnchors.role)
        try await trust.trusted(.origin("origin")).write(Array("{}".utf8), for: RoleName.root)
        #expect(try await TrustPins(trust, configured: []).pins(at: Self.now).isEmpty)
    }

    @Test func `a server that is synced by another program is below an upstream too`() throws {
        let synced = SyncState(route: try Route(["origin"]))
        #expect(ChainPlace(isSyncing: false, mirrorsTiers: true, lastSync: SyncState()) == .top)
        #expect(ChainPlace(isSyncing: false, mirrorsTiers: true, lastSync: synced) == .below(mirrorsTiers: false))
        let mirrored = SyncState(route: try Route(["origin"]), mirrorsTiers: true)
        #expect(ChainPlace(isSyncing: false, mirrorsTiers: true, lastSync: mirrored) == .below(mirrorsTiers: true))
        #expect(ChainPlace(isSyncing: false, mirrorsTiers: false, lastSync: mirrored) == .below(mirrorsTiers: false))
        #expect(ChainPlace(isSyncing: true, mirrorsTiers: true, lastSync: SyncState()) == .below(mirrorsTiers: true))
        #expect(ChainPlace(isSyncing: true, mirrorsTiers: false, lastSync: synced) == .below(mirrorsTiers: false))
    }
}
