public import FoundationEssentials

/// Makes bundles of what a server shows.
public struct BundleCreation: Sendable {
    /// All that goes into a bundle, but for the bytes of its content.
    public struct Plan: Sendable {
        public let manifest: BundleManifest
        /// In the manifest's order.
        let documents: [[UInt8]]
        /// How recent what the bundle holds is; `nil` if nothing is signed.
        public let proof: BundleProof?
    }

    private static let chunkSize = 1 << 20
    /// How often reading begins anew because what the server shows changed meanwhile.
    private static let attempts = 5

    private let publisher: any DocumentPublisher
    private let storage: any PatchStorage
    private let deployment: DeploymentID

    /// - Parameters:
    ///   - publisher: what the server shows.
    ///   - deployment: the server.
    public init(publisher: any DocumentPublisher, storage: any PatchStorage, deployment: DeploymentID) {
        self.publisher = publisher
        self.storage = storage
        self.deployment = deployment
    }

    /// Reads what tokens for a tier are shown now, verifies it, and works out what the bundle is to hold.
    /// - Parameters:
    ///   - base: an earlier bundle: what it or one before it holds is left out.
    ///   - id: the new bundle's.
    ///   - created: now.
    /// - Throws: ``LivepatchError`` with the code `tier-unknown`, `upstream-moving` if what is shown does not stand still, and those
    ///   of signed metadata.
    public func plan(_ tier: TierName, since base: BundleManifest?, id: BundleID, created: Date) async throws -> Plan {
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try await read(tier, since: base, id: id, created: created)
            } catch let error as LivepatchError where error.code == .upstreamMoving && attempts < Self.attempts {
                continue
            }
        }
    }

    private func read(_ tier: TierName, since base: BundleManifest?, id: BundleID, created: Date) async throws -> Plan {
        let upstream = RecordingUpstream(PublishedView(name: deployment.description, publisher: publisher, tier: tier))
        // Whether it is recent enough, the other side decides: here nothing ever expires.
        let reader = SignedDocumentReader(
            upstream: upstream, documents: NoDocumentCache(), trust: TrustOnTrial(over: nil), relaying: .originsAndViews,
            now: { Date(timeIntervalSince1970: 0) })
        var files: [SHA256Digest: (length: Int64, names: [PatchFileName])] = [:]
        let head = try await ViewWalk(reader: reader).run { head, document in
            for file in document.files where head.filters.admits(file.name) {
                files[file.digest, default: (file.length, [])].names.append(file.name)
            }
        }
        try await readPlainDocuments(head, from: upstream)
        let documents = upstream.documents.sorted { Self.rank($0.key, $0.value) < Self.rank($1.key, $1.value) }
        let manifest = BundleManifest(
            id: id, created: Timestamp.wholeSecond(created), deployment: deployment, tier: tier, base: base?.reference,
            documents: documents.map { name, bytes in
                BundleManifest.Document(name: name, length: Int64(bytes.count), digest: SHA256Digest(of: bytes))
            },
            contents: try await contents(files, since: base))
        return Plan(
            manifest: manifest, documents: documents.map(\.value),
            proof: try head.proof { upstream.documents[BundleMember.name(of: $0)] })
    }

    /// Where metadata is signed a reader needs little of the plain documents that say the same; a bundle has them for those who do.
    private func readPlainDocuments(_ head: Head, from upstream: RecordingUpstream) async throws {
        let reader = PlainDocumentReader(upstream: upstream, cache: NoDocumentCache())
        _ = try await reader.revocations(head.revocations)
        for entry in try await reader.tiers(head.tiers).tiers { _ = try await reader.tier(entry.name, entry.document) }
    }

    /// The head first, then plain documents, then metadata.
    private static func rank(_ name: String, _ bytes: [UInt8]) -> (Int, String) {
        (name == BundleMember.head ? 0 : name.hasPrefix("documents/") ? 1 : 2, name)
    }

    private func contents(
        _ files: [SHA256Digest: (length: Int64, names: [PatchFileName])], since base: BundleManifest?
    ) async throws -> [BundleManifest.Content] {
        let earlier = Set(base?.contents.filter { $0.place != .missing }.map(\.digest) ?? [])
        var contents: [BundleManifest.Content] = []
        for (digest, file) in files.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            let place: BundleManifest.Content.Place
            if earlier.contains(digest) {
                place = .earlier
            } else {
                place = try await storage.length(of: digest) == file.length ? .included : .missing
            }
            contents.append(.init(digest: digest, length: file.length, place: place, files: file.names.sorted()))
        }
        return contents
    }

    /// Writes a bundle.
    /// - Parameter progress: told how many bytes more of content are written.
    /// - Throws: ``LivepatchError`` with the code `storage-damaged` if stored content is not what it should be; what storage and sink
    ///   throw. Then what was written is no bundle.
    public func write(_ plan: Plan, to sink: any BundleSink, progress: (Int64) -> Void = { _ in }) async throws {
        let manifest = try DocumentCoding.encode(plan.manifest)
        try await write(manifest, BundleMember.manifest, to: sink)
        for (document, bytes) in zip(plan.manifest.documents, plan.documents) {
            try await write(bytes, document.name, to: sink)
        }
        for content in plan.manifest.contents where content.place == .included {
            try await write(content, to: sink, progress: progress)
        }
        try await sink.finish()
    }

    private func write(_ bytes: [UInt8], _ name: String, to sink: any BundleSink) async throws {
        try await sink.begin(name, length: Int64(bytes.count))
        try await sink.append(bytes)
    }

    private func write(
        _ content: BundleManifest.Content, to sink: any BundleSink, progress: (Int64) -> Void
    ) async throws {
        let reader = try await storage.open(content.digest)
        defer { reader.close() }
        try await sink.begin(BundleMember.name(of: content.digest), length: content.length)
        var hasher = ContentHasher()
        while hasher.length < content.length {
            try Task.checkCancellation()
            let wanted = Int(min(Int64(Self.chunkSize), content.length - hasher.length))
            let chunk = try reader.read(at: hasher.length, count: wanted)
            guard !chunk.isEmpty else { break }
            hasher.update(chunk)
            try await sink.append(chunk)
            progress(Int64(chunk.count))
        }
        guard hasher.length == content.length, hasher.finish() == content.digest else {
            throw LivepatchError(
                .storageDamaged,
                "The stored content of \(content.files.map(\.description).joined(separator: ", ")) is damaged; no bundle was made.",
                suggestion: "Find and repair what is damaged with `livepatch-admin storage verify --repair`.")
        }
    }
}
