public import FoundationEssentials
public import Logging
import TUF

/// Reads a view's documents from signed metadata, and believes only what is proven: that an origin released a patch and did not
/// revoke it, that the server that owns the tiers offers it, and that both said so recently.
///
/// One reader is one sync: what is expired is decided by the moment at which it asks for the head. Below an upstream that never
/// signed, and where no roots are configured, it reads plain documents (``PlainDocumentReader``).
public actor SignedDocumentReader: DocumentReader {
    /// Which repositories are read so that they can be relayed.
    public enum Relaying: Hashable, Sendable {
        /// None: nobody is below.
        case nothing
        /// The origins': this server signs tiers of its own.
        case origins
        /// The origins' and all views that the token opens (`patch-sync.sync-tiers`).
        case originsAndViews
    }

    private let upstream: any UpstreamServer
    private let documents: any DocumentCache
    private let trust: any TrustStorage
    private let anchors: TrustAnchors
    private let relaying: Relaying
    private let lastSync: @Sendable () async throws -> SyncState
    private let tolerance: Duration
    private let now: @Sendable () -> Date
    private let limits = ClientLimits()
    private let meter = DocumentMeter()
    private let plain: PlainDocumentReader

    /// What is read since the head; `nil` if it is not signed.
    private var view: SignedView?
    private var found = ReadingFindings()
    private var firstUse: TrustAnchors.FirstUse?
    /// What was pinned stays to be told, though the sync begins anew.
    private var pins: [String] = []

    /// - Parameters:
    ///   - documents: where documents are looked for first, and where those to be relayed are kept.
    ///   - trust: what is trusted already.
    ///   - trustedRoots: the fingerprints (SHA-256) of the roots to begin with; if there are none, the first root that is seen is
    ///     trusted, and its fingerprint reported.
    ///   - lastSync: where the last sync ended.
    ///   - tolerance: how long after it has expired metadata is still believed. Whatever it is, nothing goes back to an older version.
    ///   - now: the current time.
    public init(
        upstream: any UpstreamServer, documents: any DocumentCache, trust: any TrustStorage,
        trustedRoots: Set<SHA256Digest> = [], relaying: Relaying = .nothing,
        lastSync: @escaping @Sendable () async throws -> SyncState = { SyncState() },
        tolerance: Duration = .zero, logger: Logger = Logger(label: "trust") { _ in SwiftLogNoOpLogHandler() },
        now: @escaping @Sendable () -> Date
    ) {
        self.upstream = upstream
        self.documents = documents
        self.trust = trust
        self.relaying = relaying
        self.lastSync = lastSync
        self.tolerance = tolerance
        self.now = now
        anchors = TrustAnchors(trust: trust, configured: trustedRoots, limits: limits, logger: logger)
        plain = PlainDocumentReader(upstream: upstream, cache: documents, meter: meter)
    }

    public func cost() async -> DocumentCost { await meter.cost }

    public func findings() async -> ReadingFindings {
        var findings = found
        findings.notes = pins + findings.notes
        return findings
    }

    // MARK: The head

    public func head(unless tag: String?) async throws -> HeadReading {
        view = nil
        found = ReadingFindings()
        let last = try await lastSync()
        let trusted = try await trust.trustedRepositories()
        if firstUse == nil { firstUse = TrustAnchors.FirstUse(trusted) }
        let isProven = try await isProven(last, trusted)
        switch try await plain.head(unless: isProven ? tag : nil) {
        case .unchanged:
            for repository in last.proof?.repositories ?? [] { try await checkFreshness(of: repository) }
            return .unchanged
        case .head(let head, let tag):
            guard let metadata = head.metadata else {
                guard trusted.isEmpty, anchors.configured.isEmpty else {
                    throw LivepatchError.unsigned(from: await upstream.address(), roots: !anchors.configured.isEmpty)
                }
                return .head(head, tag: tag)
            }
            guard metadata.views.first?.tier == head.tier, !metadata.origins.isEmpty else {
                throw LivepatchError(
                    .upstreamUntrusted,
                    "The head that \(await upstream.address()) shows names no origin repository, or not the view of the tier '\(head.tier)'.",
                    suggestion: "Nothing was changed here; look at the servers between this one and the origin.")
            }
            view = SignedView(
                head: head, metadata: metadata, time: time, address: await upstream.address(), last: last, trusted: trusted)
            if let before = last.proof?.views.first?.tier, before != head.tier {
                found.notes.append("The token opens the tier '\(head.tier)' now, and opened '\(before)' before.")
            }
            return .head(head, tag: tag)
        }
    }

    /// Whether what the last sync ended on is proven as it is to be now, so that an unchanged head may end this one.
    private func isProven(_ last: SyncState, _ trusted: [TrustedRepository]) async throws -> Bool {
        guard let proof = last.proof else { return trusted.isEmpty && anchors.configured.isEmpty }
        for repository in proof.repositories {
            guard try await anchors.holds(repository), try await timestamp(of: repository) != nil else { return false }
        }
        return true
    }

    private func checkFreshness(of repository: TrustedRepository) async throws {
        guard let timestamp = try await timestamp(of: repository), timestamp.isExpired(at: time) else { return }
        throw LivepatchError.stale(
            repository, from: await upstream.address(),
            "it shows nothing newer than what expired at \(timestamp.expires), and it is \(time).")
    }

    private func timestamp(of repository: TrustedRepository) async throws -> TUF.Timestamp? {
        let bytes = try await trust.trusted(repository).read(RoleName.timestamp, limit: limits.timestampLength)
        return bytes.flatMap { try? Metadata<TUF.Timestamp>($0).signed }
    }

    private var time: MetadataTime {
        MetadataTime(secondsSince1970: Int64(now().timeIntervalSince1970.rounded(.down)) - tolerance.components.seconds)
    }

    // MARK: What is revoked

    public func revocations(_ reference: DocumentReference) async throws -> RevocationsDocument {
        guard var reading = view else { return try await plain.revocations(reference) }
        for origin in reading.metadata.origins where reading.origins[origin.deployment] == nil {
            let repository = TrustedRepository.origin(origin.deployment)
            do {
                var verified = try await refreshed(repository, to: origin.timestamp)
                let role = try await verified.role(MetadataRoles.revocations)
                reading.blocks[origin.deployment] = try RevocationsDocument(role).blocks
                reading.take(verified, of: origin.deployment)
            } catch let error as LivepatchError
                where error.code == .upstreamUntrusted && !reading.trusted.contains(repository)
            {
                // One that nobody vouches for speaks for no patch; the others do not suffer from that.
                reading.strangers[origin.deployment] = error
            }
        }
        if reading.origins.isEmpty, let error = reading.strangers.values.first { throw error }
        // Whoever leaves out an origin must not lift its blocks by that.
        for case .origin(let origin) in reading.trusted
        where reading.origins[origin] == nil && reading.blocks[origin] == nil {
            let blocks = try await rememberedBlocks(of: origin)
            reading.blocks[origin] = blocks
            if !blocks.isEmpty {
                found.notes.append(
                    "The upstream no longer shows the origin repository of \(origin); what that has blocked stays blocked. To forget it, remove 'trust/upstream/origins/\(origin)' from the data directory."
                )
            }
        }
        for (origin, error) in reading.strangers.sorted(by: { $0.key < $1.key }) where reading.told.insert(origin).inserted {
            found.failures.append(SyncRun.failure(error))
        }
        let unsigned = try await plain.revocations(reference)
        let document = reading.union(with: unsigned)
        reading.blocked = Set(document.blocks.map(\.version))
        if relaying != .nothing { found.relayed = try await relayedOrigins(reading) }
        found.proof = reading.proof(views: [])
        view = reading
        return document
    }

    private func rememberedBlocks(of origin: DeploymentID) async throws -> [Block] {
        let repository = TrustedRepository.origin(origin)
        guard try await anchors.holds(repository),
            let bytes = try await trust.trusted(repository).read(MetadataRoles.revocations, limit: limits.announcedLength),
            let role = try? Metadata<Targets>(bytes).signed
        else { return [] }
        return try RevocationsDocument(role).blocks
    }

    private func relayedOrigins(_ reading: SignedView) async throws -> [RelayedRepository] {
        var relayed: [RelayedRepository] = []
        for origin in reading.metadata.origins {
            guard let verified = reading.origins[origin.deployment]?.repository else { continue }
            relayed.append(try await verified.relay(after: reading.former(verified.repository), in: documents))
        }
        return relayed
    }

    // MARK: Tiers

    public func tiers(_ reference: DocumentReference) async throws -> TierListDocument {
        guard var reading = view else { return try await plain.tiers(reference) }
        let metadata = reading.metadata
        let tier = reading.head.tier
        var own = try await refreshed(reading.repository(of: tier), to: metadata.views[0].timestamp)
        let list = try TierListDocument(of: own)
        let names = list.tiers.map(\.name)
        if relaying == .originsAndViews {
            guard names == metadata.views.map(\.tier) else {
                throw LivepatchError.contradictory(
                    own.repository, from: own.address,
                    "it holds the tiers \(Self.list(names)), and the head names views of \(Self.list(metadata.views.map(\.tier)))."
                )
            }
            for name in names { _ = try await own.role(MetadataRoles.tier(name)) }
            var relayed = [try await own.relay(after: reading.former(own.repository), in: documents)]
            let known = try await own.files(of: names.map(MetadataRoles.tier))
            for (index, view) in metadata.views.enumerated().dropFirst() {
                relayed.append(try await relay(view, names[index...], known, own, reading))
            }
            found.relayed = found.relayed.filter { if case .origin = $0.repository { true } else { false } } + relayed
        }
        reading.own = own
        found.proof = reading.proof(views: relaying == .originsAndViews ? metadata.views : [metadata.views[0]])
        found.signed = reading.newestSigning(own)
        view = reading
        return list
    }

    /// Verifies a later view, which must show the same tiers as the token's own from its tier on.
    private func relay(
        _ view: HeadMetadata.View, _ tiers: ArraySlice<TierName>, _ known: [String: [UInt8]], _ own: VerifiedRepository,
        _ reading: SignedView
    ) async throws -> RelayedRepository {
        var later = try await refreshed(reading.repository(of: view.tier), to: view.timestamp, known: known)
        let listed = try TierListDocument(of: later).tiers
        let expected = tiers.map { own.reference(of: MetadataRoles.tier($0)) }
        guard listed.map(\.name) == Array(tiers), listed.map(\.document) == expected else {
            throw LivepatchError.contradictory(
                later.repository, from: later.address, "it does not show the tiers that the view '\(reading.head.tier)' shows.")
        }
        for tier in tiers {
            for role in try await later.role(MetadataRoles.tier(tier)).delegatedRoles
            where later.reference(of: role.name) != own.reference(of: role.name) {
                throw LivepatchError.contradictory(
                    later.repository, from: later.address,
                    "it lists another document of the role '\(role.name)' than the view '\(reading.head.tier)' does.")
            }
        }
        return try await later.relay(after: reading.former(later.repository), in: documents)
    }

    public func tier(_ name: TierName, _ reference: DocumentReference) async throws -> TierDocument {
        guard var reading = view, var own = reading.own else { return try await plain.tier(name, reference) }
        let role = try await own.role(MetadataRoles.tier(name))
        var entries: [TierDocument.Entry] = []
        var withheld: [PatchVersion] = []
        for delegated in role.delegatedRoles {
            guard let version = MetadataRoles.version(of: delegated.name) else { continue }
            guard !reading.blocked.contains(version) else {
                withheld.append(version)
                continue
            }
            guard let document = own.reference(of: delegated.name), reading.patch(version, document) != nil else {
                if found.refused.insert(version).inserted {
                    found.failures.append(SyncRun.failure(reading.refusal(of: version, in: name)))
                }
                continue
            }
            entries.append(TierDocument.Entry(version: version, document: document))
        }
        if entries.isEmpty { withheld += try await hintedBlocks(of: name, reading) }
        reading.own = own
        view = reading
        return TierDocument(tier: name, versions: entries, blocked: Set(withheld).sorted())
    }

    /// The signed tier does not say what it would offer if that were not blocked; the plain one does. It only explains why nothing
    /// is offered, so that it is nothing to be proven.
    private func hintedBlocks(of tier: TierName, _ reading: SignedView) async throws -> [PatchVersion] {
        guard !reading.blocked.isEmpty,
            let entry = try? await plain.tiers(reading.head.tiers).tiers.first(where: { $0.name == tier }),
            let document = try? await plain.tier(tier, entry.document)
        else { return [] }
        return (document.blocked ?? []).filter { reading.blocked.contains($0) }
    }

    // MARK: Patch versions

    public func version(_ version: PatchVersion, _ reference: DocumentReference) async throws -> VersionDocument {
        guard let reading = view, let own = reading.own else { return try await plain.version(version, reference) }
        guard let (origin, patch) = reading.patch(version, reference) else {
            throw reading.refusal(of: version, in: reading.head.tier)
        }
        let address = own.address
        let role = MetadataRoles.patch(version)
        var bytes = try await documents.fetchedDocument(reference.digest)
        let wasKept = bytes != nil
        if bytes == nil {
            let name = RepositoryFile.metadata(role, version: patch.entry.version).path
            bytes = try await origin.source.bytes(name, limit: Int(reference.length))
        }
        guard let bytes else {
            throw LivepatchError(
                .upstreamLacks, "\(address) offers patch \(version), and does not have its document.",
                suggestion: "The server above may not have been able to take it itself; see its last sync report.")
        }
        do {
            let metadata = try origin.verified(bytes, role: role)
            let scopes = try reading.delegations(to: role).map { delegation in
                try metadata.verify(by: delegation.role.keys, keys: delegation.keys, name: role)
                return delegation.role
            }
            let document = try VersionDocument(metadata.signed, of: version)
            for file in document.files {
                guard VersionDocument.fileLengths.contains(file.length) else {
                    throw TUFError(
                        .refused, "The length of '\(file.name)' is not from 1 to \(VersionDocument.fileLengths.upperBound).")
                }
                guard (scopes + [patch.role]).allSatisfy({ $0.covers(file.name.description) }) else {
                    throw TUFError(.refused, "It must not speak for '\(file.name)'.")
                }
            }
            if !wasKept { try await documents.keepFetchedDocument(bytes, reference.digest) }
            return document
        } catch let error as TUFError {
            throw LivepatchError.refusing(version, from: address, error.message, cause: error)
        } catch let error as LivepatchError where error.code == .upstreamMalformed {
            throw LivepatchError.refusing(version, from: address, error.message, cause: error)
        }
    }

    // MARK: Coverage

    /// Nobody signs it: it says what to expect, and decides nothing about patches.
    public func coverage(_ reference: DocumentReference) async throws -> CoverageDocument { try await plain.coverage(reference) }

    // MARK: Repositories

    /// Brings what is trusted of a repository up to date, beginning with its root if nothing is trusted yet.
    private func refreshed(
        _ repository: TrustedRepository, to timestamp: DocumentReference, known: [String: [UInt8]] = [:]
    ) async throws -> VerifiedRepository {
        guard let reading = view, let firstUse else { throw CancellationError() }
        var known = known
        let cache = try await trust.trusted(repository)
        if let present = try await cache.read(RoleName.timestamp, limit: limits.timestampLength),
            DocumentReference(of: present) == timestamp
        {
            known[MetadataFile.timestamp] = present
        }
        let source = UpstreamRepository(repository.repository, of: upstream, meter: meter, known: known)
        let pinned = try await anchors.establish(
            repository, siblings: reading.siblings(of: repository), firstUse: firstUse, from: source, address: reading.address)
        if let pinned {
            pins.append(
                "The root \(pinned) of \(repository) was seen for the first time and is trusted from now on. Compare it with what `livepatch-admin trust status` shows on that server, and set patch-sync.trusted-roots."
            )
        }
        return try await VerifiedRepository(
            refreshing: repository, to: timestamp, from: source, address: reading.address,
            in: try await trust.trusted(repository), at: reading.time, limits: limits)
    }

    private static func list(_ tiers: [TierName]) -> String { tiers.map(\.description).joined(separator: ", ") }
}
