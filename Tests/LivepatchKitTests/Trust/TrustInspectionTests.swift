import FoundationEssentials
import LivepatchTesting
import TUF
import Testing

@testable import LivepatchKit

@Suite struct `What is signed and trusted` {
    private static let now = Date(timeIntervalSince1970: 1_750_000_000)
    private static var moment: MetadataTime { MetadataTime(secondsSince1970: 1_750_000_000) }
    private static let day = 86_400.0

    /// The origin's repository and two views, signed at ``now`` with one key each.
    private final class Scene {
        let deployment: DeploymentID = "site"
        let catalog = InMemoryCatalog(InMemoryDatabase())
        let key = SHA256Digest(of: [0])
        let origin = MemoryRepositoryStorage()
        let views: [TierName: MemoryRepositoryStorage] = ["edge": MemoryRepositoryStorage(), "stable": MemoryRepositoryStorage()]
        var repository = Repository(lifetimes: Lifetimes(root: 365, targets: 90, snapshot: 7, timestamp: 1))
        let signer: SigningKey

        init() async throws {
            signer = try SigningKey.generateEd25519()
            try await catalog.setDeployment(deployment)
            repository = try Self.made(signer, delegatingTo: ["revocations", "patch-107.1", "patch-108.1"])
            try await repository.publish(to: origin, signing: [signer], at: moment)
            for (tier, storage) in views {
                var view = try Self.made(signer, delegatingTo: tier == "edge" ? ["tier-edge", "tier-stable"] : ["tier-stable"])
                try await view.publish(to: storage, signing: [signer], at: moment)
            }
        }

        private static func made(_ key: SigningKey, delegatingTo roles: [String]) throws -> Repository {
            var repository = Repository(lifetimes: Lifetimes(root: 365, targets: 90, snapshot: 7, timestamp: 1))
            for role in RoleName.topLevel { try repository.setKeys([key.key], of: role) }
            for role in roles { try repository.delegate(to: role, keys: [key.key], scope: .paths([role + "*"])) }
            return repository
        }

        func inspection(
            signing isSigning: Bool = true, at time: Date = now, pins: [TrustStatus.Pin] = [],
            origin signer: DeploymentID = "origin"
        ) async throws -> TrustInspection {
            func reference(_ storage: MemoryRepositoryStorage?) async throws -> DocumentReference {
                let bytes = try await storage?.read(.metadata(RoleName.timestamp, version: nil)) ?? []
                return DocumentReference(length: Int64(bytes.count), digest: SHA256Digest(of: bytes))
            }
            let metadata = HeadMetadata(
                origins: [.init(deployment: signer, timestamp: try await reference(origin))], tierOwner: "regional",
                views: [
                    .init(tier: "edge", timestamp: try await reference(views["edge"])),
                    .init(tier: "stable", timestamp: try await reference(views["stable"])),
                ])
            let tiers = TierStateCache(catalog: catalog)
            var repositories: [MetadataRepository: MemoryRepositoryStorage] = [.origin(signer): origin]
            for (tier, storage) in views { repositories[.view(tier)] = storage }
            return TrustInspection(
                deployment: deployment, catalog: catalog, tiers: tiers,
                publisher: RepositoryPublisher(
                    plain: PlainDocumentPublisher(catalog: catalog, tiers: tiers), metadata: isSigning ? metadata : nil,
                    repositories: repositories),
                trustedRoots: [key], pins: { _ in pins }, now: { time })
        }
    }

    @Test func `every repository is told with its signer, roots and roles, each document once`() async throws {
        let scene = try await Scene()
        let status = try await scene.inspection().status()
        #expect(status.deployment == "site" && status.time == Self.now && status.trustedRoots == [scene.key])
        #expect(status.repositories.map(\.kind) == [.origin, .tiers])
        #expect(status.repositories.map(\.signer) == ["origin", "regional"])
        let origin = try #require(status.repositories.first)
        #expect(!origin.isSignedHere)
        #expect(origin.roles.map(\.name) == ["root", "timestamp", "snapshot", "targets", "revocations", "patch-*"])
        let patches = try #require(origin.roles.last)
        #expect(patches.documents == 2 && patches.version == nil && patches.threshold == 1)
        #expect(origin.roles.allSatisfy { $0.keys == [scene.signer.keyID] && $0.state == .good && $0.view == nil })
        #expect(origin.roles.first { $0.name == "snapshot" }?.expires == Self.now + 7 * Self.day)
        let root = try #require(try await scene.origin.read(.metadata(RoleName.root, version: 1)))
        #expect(origin.root.fingerprint == SHA256Digest(of: root) && origin.root.version == 1)
        #expect(try await scene.inspection().roots().first == origin.root)

        let tiers = try #require(status.repositories.last)
        let edge = tiers.roles.filter { $0.view == "edge" }.map(\.name)
        #expect(edge == ["timestamp", "snapshot", "targets"])
        #expect(tiers.roles.filter { $0.view == "stable" }.count == 3)
        #expect(tiers.roles.filter { $0.name == "tier-stable" }.count == 1)
        #expect(status.warnings.isEmpty && !status.hasExpired)
    }

    @Test func `a newer root is the one to trust, and the older ones are still told`() async throws {
        let scene = try await Scene()
        let first = try #require(try await scene.inspection().roots().first)
        let new = try SigningKey.generateEd25519()
        try scene.repository.setKeys([new.key], of: RoleName.root)
        try await scene.repository.publish(to: scene.origin, signing: [scene.signer, new], at: Self.moment)
        let origin = try #require(try await scene.inspection().status().repositories.first)
        #expect(origin.root.version == 2 && origin.root.fingerprint != first.fingerprint)
        #expect(origin.fingerprints == [first.fingerprint, origin.root.fingerprint])
        #expect(origin.roles.first { $0.name == "root" }?.keys == [new.keyID])
        #expect(try await scene.inspection().roots().first == origin.root)
    }

    @Test func `what expires soon is warned of, the most urgent first, with what to do`() async throws {
        let scene = try await Scene()
        let early = try await scene.inspection(at: Self.now + 0.99 * Self.day).status()
        #expect(early.warnings.isEmpty, "a timestamp is good until its end")
        let due = try await scene.inspection(at: Self.now + 6.5 * Self.day).status()
        let snapshots = due.warnings.filter { $0.state == .withinDay }
        #expect(snapshots.count == 3)
        #expect(snapshots.allSatisfy { $0.message.contains("'snapshot'") && $0.message.contains("2025-06-22T15:06:40Z") })
        #expect(snapshots.contains { $0.message.contains("of the view 'stable'") && $0.message.contains("regional") })
        #expect(
            due.warnings.prefix(3).allSatisfy { $0.state == .expired && $0.message.contains("'timestamp'") } && due.hasExpired)
        let late = try await scene.inspection(at: Self.now + 85 * Self.day).status()
        #expect(late.hasExpired)
        #expect(late.warnings.first?.state == .expired)
        #expect(late.warnings.contains { $0.state == .withinWeek && $0.subject.contains("'targets'") })
        #expect(late.warnings.contains { $0.state == .withinWeek && $0.subject.contains("'patch-*'") })
        let own = try await scene.inspection(at: Self.now + 2 * Self.day, origin: "site").status()
        #expect(own.repositories.first?.isSignedHere == true)
        #expect(own.warnings.contains { $0.message.contains("data directory's keys") })
        #expect(own.warnings.contains { $0.message.contains("It is renewed by regional") })
    }

    @Test func `the route leads from the signer to here`() async throws {
        let scene = try await Scene()
        var state = SyncState()
        state.route = try Route(["origin", "regional"])
        try await scene.catalog.commit(
            SyncCommit(
                expected: try await scene.catalog.revision(), changed: [], documents: [], arrived: [], unavailable: [],
                removed: [],
                tiers: TierState.defaultTiers, reach: [:], tokens: [], snapshotReason: nil, state: state,
                entry: ChangeEntry(time: Self.now, actor: "sync", action: "sync")))
        let repositories = try await scene.inspection().status().repositories
        #expect(repositories.map(\.route) == [["origin", "regional", "site"], ["regional", "site"]])
    }

    @Test func `what is trusted and not relayed is warned of too`() async throws {
        let scene = try await Scene()
        func pin(_ signer: DeploymentID, _ kind: TrustedRoot.Kind) -> TrustStatus.Pin {
            TrustStatus.Pin(
                kind: kind, signer: signer, view: kind == .tiers ? "edge" : nil, fingerprint: scene.key, isConfigured: false,
                rootVersion: 1, expires: Self.now - 1, state: .expired)
        }
        let status = try await scene.inspection(pins: [pin("origin", .origin), pin("above", .tiers)]).status()
        #expect(status.warnings.map(\.subject) == ["What is trusted of the tier repository of above (view 'edge')"])
        #expect(status.hasExpired)
        #expect(try DocumentCoding.decode(TrustStatus.self, from: DocumentCoding.encode(status)) == status)
    }

    @Test func `a server that signs nothing has nothing to tell`() async throws {
        let inspection = try await Scene().inspection(signing: false)
        #expect(try await inspection.status().repositories.isEmpty)
        #expect(try await inspection.roots().isEmpty)
    }

    @Test func `a document that is missing or damaged is an error that names it`() async throws {
        let scene = try await Scene()
        let snapshot = RepositoryFile.metadata(RoleName.snapshot, version: scene.repository.snapshot.signed.version)
        try await scene.origin.write(Array("{}".utf8), as: snapshot)
        await expectError(.trustUnavailable, naming: [snapshot.path, "origin"]) { try await scene.inspection().status() }
        scene.origin.remove(snapshot)
        await expectError(.trustUnavailable, naming: ["origin", "lacks"]) { try await scene.inspection().status() }
    }
}
