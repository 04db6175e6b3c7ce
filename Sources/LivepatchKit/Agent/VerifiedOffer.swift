public import FoundationEssentials

/// What a machine's view was found to say: the part of it that concerns one machine.
public struct VerifiedOffer: Hashable, Sendable {
    /// The tier that the machine's token is for.
    public let tier: TierName
    /// What the tier offers.
    public let offered: Set<PatchVersion>
    /// What is blocked, and why.
    public let blocked: [PatchVersion: String]
    /// The file that was asked for, as its origin released it; `nil` if the view holds none of that name.
    public let file: PatchFile?
    /// What was not believed, and what else a person should know.
    public let notes: [String]

    public init(
        tier: TierName, offered: Set<PatchVersion>, blocked: [PatchVersion: String] = [:], file: PatchFile? = nil,
        notes: [String] = []
    ) {
        self.tier = tier
        self.offered = offered
        self.blocked = blocked
        self.file = file
        self.notes = notes
    }
}

/// Reads a machine's view, and believes what is proven, with the very reader of a downstream (``SignedDocumentReader``).
public struct OfferVerification: Sendable {
    /// How often it begins anew because the documents changed in between.
    private static let restarts = 3

    private let view: any UpstreamServer
    private let trust: any TrustStorage
    private let roots: Set<SHA256Digest>
    private let allowsUnsigned: Bool
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - view: the server, asked with the machine's token.
    ///   - trust: what is trusted already.
    ///   - roots: the fingerprints of the roots that were pinned when the machine was attached.
    ///   - allowsUnsigned: whether a view that nobody signed is believed if no root is pinned.
    public init(
        _ view: any UpstreamServer, trust: any TrustStorage, roots: Set<SHA256Digest>, allowsUnsigned: Bool,
        now: @escaping @Sendable () -> Date
    ) {
        self.view = view
        self.trust = trust
        self.roots = roots
        self.allowsUnsigned = allowsUnsigned
        self.now = now
    }

    /// - Parameter name: the file that the server offers.
    /// - Throws: ``LivepatchError`` with the codes `upstream-untrusted`, `upstream-stale`, and those of upstreams.
    public func verify(_ name: PatchFileName?) async throws -> VerifiedOffer { try await verify(name, shownBy: view) }

    /// As ``verify(_:)``, and what was shown, so that the offer can be proven again without the server.
    func verifyAndRecord(_ offer: CheckInAnswer.Offer) async throws -> (VerifiedOffer, RecordedView) {
        let recording = RecordingServer(view)
        let verified = try await verify(offer.filename, shownBy: recording)
        return (verified, RecordedView(offer, at: now(), shown: recording.shown))
    }

    /// Proves once more what was shown before.
    func verify(_ recorded: RecordedView) async throws -> VerifiedOffer {
        try await verify(recorded.offer.filename, shownBy: RecordedServer(recorded))
    }

    private func verify(_ name: PatchFileName?, shownBy view: any UpstreamServer) async throws -> VerifiedOffer {
        guard !roots.isEmpty || allowsUnsigned else {
            throw LivepatchError(
                .upstreamUntrusted, "No root is pinned on this machine, so nothing that the server shows can be proven.",
                suggestion:
                    "Attach the machine anew with 'livepatch-agent enable', to a server that signs, or name a root with --trusted-root."
            )
        }
        var restarts = 0
        while true {
            do {
                return try await once(name, view)
            } catch let error as LivepatchError where error.code == .upstreamMoving && restarts < Self.restarts {
                restarts += 1
            } catch let busy as UpstreamBusy {
                throw Self.forMachine(busy.error)
            } catch let error as LivepatchError {
                throw Self.forMachine(error)
            }
        }
    }

    private func once(_ name: PatchFileName?, _ view: any UpstreamServer) async throws -> VerifiedOffer {
        let reader = SignedDocumentReader(
            upstream: view, documents: NoDocumentCache(), trust: trust, trustedRoots: roots, now: now)
        guard case .head(let head, _) = try await reader.head(unless: nil) else {
            throw LivepatchError(.upstreamMalformed, "The server says that its head is unchanged, which nobody asked.")
        }
        let blocks = try await reader.revocations(head.revocations).blocks
        let blocked = Dictionary(blocks.map { ($0.version, $0.reason) }) { first, _ in first }
        var offered: [TierDocument.Entry] = []
        if let tier = try await reader.tiers(head.tiers).tiers.first(where: { $0.name == head.tier }) {
            offered = try await reader.tier(tier.name, tier.document).versions.filter { blocked[$0.version] == nil }
        }
        var file: PatchFile?
        if let name, let entry = offered.first(where: { $0.version == name.version }) {
            file = try await reader.version(entry.version, entry.document).files.first { $0.name == name }
        }
        let findings = await reader.findings()
        return VerifiedOffer(
            tier: head.tier, offered: Set(offered.map(\.version)), blocked: blocked, file: file,
            notes: findings.failures.map(\.message) + findings.notes)
    }

    /// The reader speaks to those who run a server; a machine has no configuration file.
    private static func forMachine(_ error: LivepatchError) -> LivepatchError {
        guard error.code == .upstreamUntrusted || error.code == .upstreamStale else { return error }
        let suggestion =
            error.code == .upstreamStale
            ? "Nothing was changed in the kernel. See whether the server and those above it still sync, and whether this machine's clock is right."
            : "Nothing was changed in the kernel. Ask the server's administrator for the fingerprints of its roots ('livepatch-admin trust status'), and attach the machine anew with 'livepatch-agent enable' if they have changed; otherwise somebody stands between."
        return LivepatchError(
            error.code,
            error.message.replacing("of which patch-sync.trusted-roots names none", with: "none of which is pinned here")
                .replacing("patch-sync.trusted-roots is set", with: "roots are pinned here"),
            suggestion: suggestion, cause: error)
    }
}
