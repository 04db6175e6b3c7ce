public import FoundationEssentials
import TUF

/// Finds out whether a bundle may be believed, before anything of it is.
public struct BundleVerification: Sendable {
    /// What is known on this side, against which a bundle is judged.
    public struct Knowledge: Sendable {
        /// What is trusted; `nil` for nothing.
        public var trust: (any TrustStorage)?
        /// The fingerprints of the roots to begin with (`patch-sync.trusted-roots`); none to trust what is first seen.
        public var trustedRoots: Set<SHA256Digest>
        /// How long ago what the bundle proves may have expired.
        public var tolerance: Duration
        /// What is here already; `nil` for nothing that matters.
        public var storage: (any PatchStorage)?
        /// What is taken of what a bundle holds.
        public var filter: SyncFilter
        /// The current time.
        public var now: @Sendable () -> Date

        public init(
            trust: (any TrustStorage)? = nil, trustedRoots: Set<SHA256Digest> = [], tolerance: Duration = .zero,
            storage: (any PatchStorage)? = nil, filter: SyncFilter = .all, now: @escaping @Sendable () -> Date
        ) {
            self.trust = trust
            self.trustedRoots = trustedRoots
            self.tolerance = tolerance
            self.storage = storage
            self.filter = filter
            self.now = now
        }
    }

    /// What was found of documents and metadata.
    public struct Outcome: Hashable, Sendable {
        /// Whether something newer was verified on this side before.
        public let isSuperseded: Bool
        /// How recent what the bundle holds is; `nil` if nothing is signed.
        public let proof: BundleProof?
        /// The roots that would be trusted because they are the first ones seen.
        public let newRoots: [NewRoot]
        /// How many contents the server that created the bundle did not have itself.
        public let missing: Int
    }

    /// A root in which trust would begin.
    public struct NewRoot: Hashable, Sendable, Codable {
        /// What it is the root of.
        public let repository: String
        public let fingerprint: SHA256Digest
    }

    private static let chunkSize = 1 << 20

    private let bundle: PatchBundle
    private let knowledge: Knowledge

    public init(_ bundle: PatchBundle, knowledge: Knowledge) {
        self.bundle = bundle
        self.knowledge = knowledge
    }

    // MARK: Documents and metadata

    /// Verifies documents and metadata, as a sync would: signatures, versions, expiry and what refers to what. And finds out
    /// whether the content that the bundle leaves to earlier ones is here.
    /// - Throws: ``LivepatchError`` with the codes `bundle-invalid`, `bundle-base-missing`, and those of signed metadata.
    public func documents() async throws -> Outcome {
        for document in bundle.manifest.documents {
            guard let bytes = try bundle.document(document.name), SHA256Digest(of: bytes) == document.digest else {
                throw LivepatchError.invalid("'\(document.name)' does not have the SHA-256 that its list says")
            }
        }
        let head = try bundle.head()
        guard head.tier == bundle.manifest.tier, head.route.deployments.last == bundle.manifest.deployment else {
            throw LivepatchError.invalid("its list and its head are of different servers or tiers")
        }
        let proof = try bundle.claimedProof()
        if try await isOlder(head) {
            // An old proof is to be a proof of its own time: whoever shows something else is not merely late.
            let trial = TrustOnTrial(over: knowledge.trust, from: .anchors)
            try await walk(trial, now: { Date(timeIntervalSince1970: 0) }) { _, _ in }
            return Outcome(isSuperseded: true, proof: proof, newRoots: [], missing: 0)
        }
        let trial = TrustOnTrial(over: knowledge.trust)
        var missing: Set<SHA256Digest> = []
        var needed: [PatchFile] = []
        try await walk(trial, now: knowledge.now) { head, document in
            let filters = head.filters.appending(knowledge.filter)
            for file in document.files where head.filters.admits(file.name) {
                guard let content = bundle.content(file.digest), content.length == file.length else {
                    throw LivepatchError.invalid("its list does not have the content of '\(file.name)'")
                }
                if content.place == .missing { missing.insert(file.digest) }
                if content.place == .earlier, filters.admits(file.name) { needed.append(file) }
            }
        }
        try await requireEarlier(needed)
        return Outcome(
            isSuperseded: false, proof: proof,
            newRoots: trial.newAnchors.filter { !knowledge.trustedRoots.contains($0.fingerprint) }.map {
                NewRoot(repository: $0.repository.description, fingerprint: $0.fingerprint)
            }, missing: missing.count)
    }

    private func walk(
        _ trust: TrustOnTrial, now: @escaping @Sendable () -> Date, _ look: (Head, VersionDocument) async throws -> Void
    ) async throws {
        let reader = SignedDocumentReader(
            upstream: BundleUpstream(bundle), documents: NoDocumentCache(), trust: trust, trustedRoots: knowledge.trustedRoots,
            relaying: .originsAndViews, tolerance: knowledge.tolerance, now: now)
        do {
            _ = try await ViewWalk(reader: reader).run(look)
        } catch let error as LivepatchError where error.code == .upstreamMoving || error.code == .upstreamLacks {
            // A server may change while it is read; a file does not.
            throw LivepatchError.invalid("something that it should hold is missing: \(error.message)")
        } catch let error as LivepatchError where error.code == .upstreamStale {
            throw LivepatchError(
                .upstreamStale,
                "The \(bundle.name) is too old: what it proves expired more than \(DurationText.text(knowledge.tolerance)) ago.",
                suggestion:
                    "What is here is served on. Have a new bundle created, or allow more with --max-age; see too whether both clocks are right.",
                cause: error)
        }
    }

    /// Whether all that the bundle knows of is known here from a later moment. Says nothing about signatures.
    private func isOlder(_ head: Head) async throws -> Bool {
        guard let metadata = head.metadata, let trust = knowledge.trust else { return false }
        var isOlder = false
        for repository in metadata.repositories {
            let cache = try await trust.trusted(repository)
            guard let known = try await cache.timestampVersion() else { continue }
            let shown = try Head.timestamp(of: repository.repository) { try bundle.document(BundleMember.name(of: $0)) }.version
            if shown > known { return false }
            if shown < known { isOlder = true }
        }
        return isOlder
    }

    private func requireEarlier(_ files: [PatchFile]) async throws {
        guard let storage = knowledge.storage, let base = bundle.manifest.base else { return }
        for file in files where try await storage.length(of: file.digest) != file.length {
            throw LivepatchError(
                .bundleBaseMissing,
                "The \(bundle.name) holds only what is new: it builds on \(base), which has not been applied here (the content of \(file.name) is missing).",
                suggestion: "Apply that one first, or have a whole bundle created, without --incremental and --since.")
        }
    }

    // MARK: Content

    /// Reads all included content and verifies it.
    /// - Parameters:
    ///   - known: content that need not be read.
    ///   - progress: told how many bytes more have been verified.
    /// - Throws: ``LivepatchError`` with the code `bundle-invalid`.
    public func contents(
        except known: (BundleManifest.Content) async throws -> Bool = { _ in false }, progress: (Int64) -> Void = { _ in }
    ) async throws {
        for content in bundle.manifest.contents where content.place == .included {
            guard try await !known(content) else { continue }
            var hasher = ContentHasher()
            while hasher.length < content.length {
                try Task.checkCancellation()
                let chunk = try bundle.read(content, at: hasher.length, count: Self.chunkSize)
                guard !chunk.isEmpty else { break }
                hasher.update(chunk)
                progress(Int64(chunk.count))
            }
            guard hasher.length == content.length, hasher.finish() == content.digest else {
                throw LivepatchError.invalid(
                    "the content of \(content.files.map(\.description).joined(separator: ", ")) does not have its SHA-256")
            }
        }
    }
}
