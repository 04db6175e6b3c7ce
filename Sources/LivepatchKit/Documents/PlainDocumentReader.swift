/// Reads documents that are bound to each other by digest, from the head down, and to nobody by a signature.
public struct PlainDocumentReader: DocumentReader {
    /// Bounds on what is read, in bytes.
    private enum Limit {
        static let head: Int64 = 64 << 10
        static let document: Int64 = 256 << 20
    }

    private let upstream: any UpstreamServer
    private let cache: any DocumentCache
    private let meter: DocumentMeter

    /// - Parameter cache: where documents are looked for first, and kept.
    public init(upstream: any UpstreamServer, cache: any DocumentCache) {
        self.init(upstream: upstream, cache: cache, meter: DocumentMeter())
    }

    init(upstream: any UpstreamServer, cache: any DocumentCache, meter: DocumentMeter) {
        self.upstream = upstream
        self.cache = cache
        self.meter = meter
    }

    public func head(unless tag: String?) async throws -> HeadReading {
        guard let document = try await upstream.head(unless: tag) else {
            await meter.count(0)
            return .unchanged
        }
        await meter.count(Int64(document.bytes.count))
        guard document.bytes.count <= Limit.head else { throw malformed("the head is larger than \(Limit.head) bytes") }
        let head: Head = try decode(document.bytes, "the head")
        guard head.format == 1 else {
            throw LivepatchError(
                .upstreamMalformed, "The upstream speaks format \(head.format), and this server only format 1.",
                suggestion: "Upgrade this server.")
        }
        return .head(head, tag: document.tag ?? SHA256Digest(of: document.bytes).description)
    }

    public func revocations(_ reference: DocumentReference) async throws -> RevocationsDocument {
        try await document(.revocations, reference)
    }

    public func tiers(_ reference: DocumentReference) async throws -> TierListDocument {
        try await document(.tiers, reference)
    }

    public func tier(_ name: TierName, _ reference: DocumentReference) async throws -> TierDocument {
        let document: TierDocument = try await document(.tier(name), reference)
        guard document.tier == name else { throw malformed("the document of tier '\(name)' is about '\(document.tier)'") }
        return document
    }

    public func version(_ version: PatchVersion, _ reference: DocumentReference) async throws -> VersionDocument {
        let document = try await document(.version(version), reference) { try VersionDocument(reading: $0, of: version) }
        guard document.files.allSatisfy({ VersionDocument.fileLengths.contains($0.length) }) else {
            throw malformed(
                "the document of patch \(version) has a file whose length is not from 1 to \(VersionDocument.fileLengths.upperBound) bytes"
            )
        }
        return document
    }

    public func coverage(_ reference: DocumentReference) async throws -> CoverageDocument {
        guard reference.length <= CoverageDocument.limit else {
            throw malformed("the document 'coverage' is announced with \(reference.length) bytes")
        }
        let document: CoverageDocument = try await document(.coverage, reference)
        guard Set(document.entries.map(\.key)).count == document.entries.count else {
            throw malformed("the document 'coverage' speaks of the same kernels twice")
        }
        return document
    }

    public func cost() async -> DocumentCost { await meter.cost }

    private func document<Document: Decodable>(_ name: DocumentName, _ reference: DocumentReference) async throws -> Document {
        try await document(name, reference) { try decode($0, "'\(name)'") }
    }

    private func document<Document>(
        _ name: DocumentName, _ reference: DocumentReference, read: ([UInt8]) throws -> Document
    ) async throws -> Document {
        if let bytes = try await cache.fetchedDocument(reference.digest) { return try read(bytes) }
        guard (1...Limit.document).contains(reference.length) else {
            throw malformed("the document '\(name)' is announced with \(reference.length) bytes")
        }
        let bytes = try await upstream.document(name, limit: reference.length).bytes
        await meter.count(Int64(bytes.count))
        guard Int64(bytes.count) == reference.length, SHA256Digest(of: bytes) == reference.digest else {
            throw LivepatchError(
                .upstreamMoving,
                "The upstream's document '\(name)' is not the one that its head announced: it changed in between.",
                suggestion: "The next sync tries again.")
        }
        let document = try read(bytes)
        try await cache.keepFetchedDocument(bytes, reference.digest)
        return document
    }

    private func decode<Document: Decodable>(_ bytes: [UInt8], _ what: String) throws -> Document {
        do {
            return try DocumentCoding.decode(Document.self, from: bytes)
        } catch {
            throw malformed("\(what) cannot be read: \(DocumentCoding.reason(error))")
        }
    }

    private func malformed(_ reason: String) -> LivepatchError {
        LivepatchError(
            .upstreamMalformed, "The upstream's answer is not as agreed: \(reason).",
            suggestion: "Check that patch-sync.upstream-url names a Livepatch server, and what stands between it and this one.")
    }
}

extension VersionDocument {
    /// How long one patch file may be: far beyond any real one, and short enough that no sum of announced lengths overflows.
    static let fileLengths: ClosedRange<Int64> = 1...(16 << 30)
}
