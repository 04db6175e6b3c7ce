import FoundationEssentials
import LivepatchKit
import Testing

/// The engine alone: events in, actions out, nothing is read or waited for.
@Suite("The sync engine")
struct SyncEngineTests {
    private let here: DeploymentID
    private let origin: DeploymentID
    private let edge: TierName
    private let beta: TierName
    private let reference: DocumentReference
    private let other: DocumentReference

    init() throws {
        here = try DeploymentID(parsing: "here")
        origin = try DeploymentID(parsing: "origin")
        edge = try TierName(parsing: "edge")
        beta = try TierName(parsing: "beta")
        reference = DocumentReference(of: Array("one".utf8))
        other = DocumentReference(of: Array("two".utf8))
    }

    private func situation(
        sync: SyncState = SyncState(), held: [PatchVersion: PatchVersionRecord.Source] = [:],
        reach: [PatchVersion: TierName] = [:]
    ) -> SyncSituation {
        SyncSituation(
            revision: CatalogRevision(rawValue: 7), sync: sync, tiers: TierState(tiers: [edge, beta], reach: reach),
            versions: held.mapValues { .init(source: $0, document: reference, isWhole: true) }, tokens: [:])
    }

    private func head(route: [DeploymentID]? = nil, filters: FilterChain = FilterChain()) throws -> Head {
        Head(
            route: try Route(route ?? [origin]), tier: edge, filters: filters,
            revocations: DocumentReference(of: Array("revocations".utf8)), tiers: DocumentReference(of: Array("tiers".utf8)))
    }

    /// The engine after the upstream's view has been read.
    private func engine(
        _ request: SyncRequest, _ situation: SyncSituation, showing members: [TierName: [PatchVersion: DocumentReference]],
        blocks: [Block] = []
    ) throws -> (SyncEngine, SyncEngine.Action) {
        var engine = SyncEngine(request, situation)
        _ = try engine.handle(.begin)
        _ = try engine.handle(.head(.head(try head(), tag: "tag")))
        _ = try engine.handle(.revocations(RevocationsDocument(blocks: blocks)))
        _ = try engine.handle(.revocationsApplied(situation))
        let names = [edge, beta].filter { members[$0] != nil }
        _ = try engine.handle(.tierList(TierListDocument(tiers: names.map { .init(name: $0, document: reference) })))
        let read = request.mirrorsTiers ? names : Array(names.prefix(1))
        let documents = read.map { name in
            TierDocument(
                tier: name,
                versions: (members[name] ?? [:]).sorted { $0.key < $1.key }.map { .init(version: $0.key, document: $0.value) })
        }
        let action = try engine.handle(.tiers(documents))
        return (engine, action)
    }

    @Test("It asks for the head first, with the tag that the last complete sync ended on")
    func firstAction() throws {
        let basis = SyncBasis(tag: "known", filter: .all, mirrorsTiers: false)
        var engine = SyncEngine(SyncRequest(deployment: here), situation(sync: SyncState(basis: basis)))
        guard case .readHead(unless: "known") = try engine.handle(.begin) else { Issue.record("no head was asked for"); return }
        guard case .finish(let outcome) = try engine.handle(.head(.unchanged)) else { Issue.record("it went on"); return }
        #expect(outcome.result == .unchanged)
    }

    @Test("Other wishes than last time make it look at everything again")
    func otherWishes() throws {
        let basis = SyncBasis(tag: "known", filter: .all, mirrorsTiers: false)
        let filter = SyncFilter(architectures: [.arm64])
        for request in [
            SyncRequest(deployment: here, filter: filter), SyncRequest(deployment: here, mirrorsTiers: true),
        ] {
            var engine = SyncEngine(request, situation(sync: SyncState(basis: basis)))
            guard case .readHead(unless: nil) = try engine.handle(.begin) else { Issue.record("the old tag was used"); return }
        }
    }

    @Test("Blocks are applied before tiers are asked for, without those that this server made itself")
    func blocksFirst() throws {
        var engine = SyncEngine(SyncRequest(deployment: here), situation())
        _ = try engine.handle(.begin)
        guard case .readRevocations = try engine.handle(.head(.head(try head(), tag: "tag"))) else {
            Issue.record("revocations were not next")
            return
        }
        let time = Date(timeIntervalSince1970: 0)
        let theirs = Block(version: PatchVersion(1, 1), reason: "theirs", blocked: time, deployment: origin)
        let ours = Block(version: PatchVersion(2, 1), reason: "ours", blocked: time, deployment: here)
        guard case .applyRevocations([theirs]) = try engine.handle(.revocations(RevocationsDocument(blocks: [ours, theirs])))
        else {
            Issue.record("the upstream's blocks were not applied, or ours were")
            return
        }
    }

    @Test("An upstream whose route contains this server is refused")
    func loop() throws {
        var engine = SyncEngine(SyncRequest(deployment: here), situation())
        _ = try engine.handle(.begin)
        let error = #expect(throws: LivepatchError.self) {
            try engine.handle(.head(.head(try head(route: [origin, here, DeploymentID(parsing: "between")]), tag: "tag")))
        }
        #expect(error?.code == .upstreamLoop)
        #expect(error?.message.contains("here → between → here") == true)
    }

    @Test("A list of tiers that does not begin with the token's tier, or names one twice, is refused")
    func tierListContradictions() throws {
        for names in [[], [beta, edge], [edge, edge]] {
            var engine = SyncEngine(SyncRequest(deployment: here), situation())
            _ = try engine.handle(.begin)
            _ = try engine.handle(.head(.head(try head(), tag: "tag")))
            _ = try engine.handle(.revocations(RevocationsDocument(blocks: [])))
            _ = try engine.handle(.revocationsApplied(situation()))
            let list = TierListDocument(tiers: names.map { .init(name: $0, document: reference) })
            let error = #expect(throws: LivepatchError.self) { try engine.handle(.tierList(list)) }
            #expect(error?.code == .upstreamMalformed)
        }
    }

    @Test("A later tier that holds what an earlier one lacks is refused")
    func nesting() throws {
        let error = #expect(throws: LivepatchError.self) {
            try engine(
                SyncRequest(deployment: here, mirrorsTiers: true), situation(),
                showing: [edge: [PatchVersion(1, 1): reference], beta: [PatchVersion(2, 1): reference]])
        }
        #expect(error?.code == .upstreamMalformed)
    }

    @Test("Only versions whose document is new, and versions that are not whole, are looked at; the newest first")
    func workOnlyOnChanges() throws {
        let known: [PatchVersion: PatchVersionRecord.Source] = [PatchVersion(1, 1): .synced, PatchVersion(2, 1): .synced]
        var situation = situation(held: known, reach: [PatchVersion(1, 1): edge, PatchVersion(2, 1): edge])
        situation.versions[PatchVersion(1, 1)] = .init(source: .synced, document: reference, isWhole: false)
        let (_, action) = try engine(
            SyncRequest(deployment: here), situation,
            showing: [
                edge: [
                    PatchVersion(1, 1): reference, PatchVersion(2, 1): reference, PatchVersion(3, 1): other,
                    PatchVersion(4, 1): other,
                ]
            ])
        guard case .work(let work) = action else { Issue.record("\(action)"); return }
        #expect(work.changed.map(\.version) == [PatchVersion(4, 1), PatchVersion(3, 1)])
        #expect(work.incomplete == [PatchVersion(1, 1)])
    }

    @Test("A commit that comes too late is worked out anew from the catalogue as it is then")
    func repeatedCommit() throws {
        let first = situation(held: [PatchVersion(1, 1): .synced], reach: [PatchVersion(1, 1): edge])
        var (engine, _) = try engine(
            SyncRequest(deployment: here), first,
            showing: [edge: [PatchVersion(1, 1): reference, PatchVersion(2, 1): other]])
        guard case .commit(let early) = try engine.handle(.worked(SyncHarvest(), first)) else {
            Issue.record("no commit"); return
        }
        #expect(early.reach == [PatchVersion(1, 1): edge, PatchVersion(2, 1): edge])
        var second = situation(held: [PatchVersion(1, 1): .synced], reach: [PatchVersion(1, 1): beta])
        second.revision = CatalogRevision(rawValue: 8)
        guard case .commit(let late) = try engine.handle(.worked(SyncHarvest(), second)) else {
            Issue.record("no commit"); return
        }
        #expect(late.expected == CatalogRevision(rawValue: 8))
        #expect(late.reach == [PatchVersion(1, 1): beta, PatchVersion(2, 1): edge])
    }

    @Test("After failures there is no tag to stop at, so that the next sync tries again")
    func basisOnlyWhenComplete() throws {
        let file = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-2.1-amd64.tar.bz2")
        var harvest = SyncHarvest()
        harvest.failures = [.init(file: file, code: "upstream-failed", message: "no")]
        var (engine, _) = try engine(
            SyncRequest(deployment: here), situation(), showing: [edge: [PatchVersion(2, 1): other]])
        guard case .commit(let commit) = try engine.handle(.worked(harvest, situation())) else {
            Issue.record("no commit"); return
        }
        #expect(commit.state.basis == nil)
        #expect(commit.unavailable == [file])
        guard case .finish(let outcome) = try engine.handle(.committed) else { Issue.record("it went on"); return }
        #expect(outcome.result == .partial)
    }

    @Test("Imported versions that the upstream does not know stay, in no tier of a mirrored list")
    func importedVersions() throws {
        let held: [PatchVersion: PatchVersionRecord.Source] = [PatchVersion(9, 9): .imported]
        let situation = situation(held: held, reach: [PatchVersion(9, 9): beta])
        var (own, _) = try engine(SyncRequest(deployment: here), situation, showing: [edge: [PatchVersion(1, 1): other]])
        guard case .commit(let kept) = try own.handle(.worked(SyncHarvest(), situation)) else {
            Issue.record("no commit"); return
        }
        #expect(kept.removed.isEmpty)
        #expect(kept.reach == [PatchVersion(9, 9): beta, PatchVersion(1, 1): edge])
        var (mirror, _) = try engine(
            SyncRequest(deployment: here, mirrorsTiers: true), situation,
            showing: [edge: [PatchVersion(1, 1): other], beta: [:]])
        guard case .commit(let mirrored) = try mirror.handle(.worked(SyncHarvest(), situation)) else {
            Issue.record("no commit")
            return
        }
        #expect(mirrored.removed.isEmpty)
        #expect(mirrored.reach == [PatchVersion(1, 1): edge])
    }
}
