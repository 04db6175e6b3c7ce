/// A file that carries a tier's view past an air gap: documents, signed metadata, and the content that the other side lacks.
///
/// Opening it checks that it is whole and that its parts fit its list; ``BundleVerification`` checks what they are.
public struct PatchBundle: Sendable {
    /// Bounds on what is read at once, in bytes.
    enum Limit {
        static let manifest: Int64 = 256 << 20
        static let document: Int64 = 256 << 20
    }

    public let manifest: BundleManifest
    private let archive: any BundleArchive
    private let documents: [String: BundleManifest.Document]
    private let contents: [SHA256Digest: BundleManifest.Content]

    /// - Throws: ``LivepatchError`` with the code `bundle-invalid`.
    public init(_ archive: any BundleArchive) throws {
        self.archive = archive
        manifest = try Self.manifest(of: archive)
        var rest = archive.lengths
        rest[BundleMember.manifest] = nil
        var documents: [String: BundleManifest.Document] = [:]
        for document in manifest.documents {
            guard (0...Limit.document).contains(document.length) else {
                throw LivepatchError.invalid("its list says that '\(document.name)' has \(document.length) bytes")
            }
            try Self.take(document.name, document.length, from: &rest)
            documents[document.name] = document
        }
        var contents: [SHA256Digest: BundleManifest.Content] = [:]
        for content in manifest.contents {
            guard VersionDocument.fileLengths.contains(content.length) else {
                throw LivepatchError.invalid("its list says that the content \(content.digest) has \(content.length) bytes")
            }
            guard contents.updateValue(content, forKey: content.digest) == nil else {
                throw LivepatchError.invalid("its list has the content \(content.digest) twice")
            }
            switch content.place {
            case .included: try Self.take(BundleMember.name(of: content.digest), content.length, from: &rest)
            case .earlier:
                guard manifest.base != nil else {
                    throw LivepatchError.invalid(
                        "it says that an earlier bundle holds the content \(content.digest), and not which one")
                }
            case .missing: break
            }
        }
        if let stranger = rest.keys.min() { throw LivepatchError.invalid("its list does not have its member '\(stranger)'") }
        guard documents[BundleMember.head] != nil else { throw LivepatchError.invalid("it has no head") }
        self.documents = documents
        self.contents = contents
    }

    /// A bundle's list alone.
    /// - Throws: ``LivepatchError`` with the code `bundle-invalid`.
    public static func manifest(of archive: any BundleArchive) throws -> BundleManifest {
        let name = BundleMember.manifest
        guard archive.first == name, let length = archive.lengths[name] else {
            throw LivepatchError.invalid("it does not begin with '\(name)'")
        }
        guard length <= Limit.manifest else { throw LivepatchError.invalid("its list has \(length) bytes") }
        let bytes = try archive.read(name, at: 0, count: Int(length))
        struct Format: Decodable {
            let format: Int
        }
        do {
            let format = try DocumentCoding.decode(Format.self, from: bytes).format
            guard format == BundleManifest.currentFormat else {
                throw LivepatchError(
                    .bundleInvalid,
                    "The bundle has the format \(format), and this release reads only \(BundleManifest.currentFormat).",
                    suggestion: "Upgrade this side.")
            }
            return try DocumentCoding.decode(BundleManifest.self, from: bytes)
        } catch let error as DecodingError {
            throw LivepatchError.invalid("its list cannot be read: \(DocumentCoding.reason(error))")
        }
    }

    /// What errors and reports call it.
    public var name: String { "\(manifest.reference) from \(manifest.deployment)" }

    /// How recent it says that it is, which nobody has verified; `nil` if nothing in it is signed.
    /// - Throws: ``LivepatchError`` with the code `bundle-invalid` or `upstream-malformed`.
    public func claimedProof() throws -> BundleProof? {
        try head().proof { try document(BundleMember.name(of: $0)) }
    }

    // MARK: Its parts

    func head() throws -> Head {
        do {
            return try DocumentCoding.decode(Head.self, from: try document(BundleMember.head) ?? [])
        } catch let error as DecodingError {
            throw LivepatchError.invalid("its head cannot be read: \(DocumentCoding.reason(error))")
        }
    }

    /// A document's bytes; `nil` if there is none of that name.
    /// - Parameter limit: how many bytes it should have at most; of a longer one there is one byte more.
    func document(_ name: String, limit: Int64 = Limit.document) throws -> [UInt8]? {
        guard let document = documents[name] else { return nil }
        return try archive.read(name, at: 0, count: Int(min(document.length, max(0, limit) + 1)))
    }

    /// What its list says of a content; `nil` if it does not have it.
    func content(_ digest: SHA256Digest) -> BundleManifest.Content? { contents[digest] }

    /// At most `count` bytes of an included content.
    func read(_ content: BundleManifest.Content, at offset: Int64, count: Int) throws -> [UInt8] {
        try archive.read(BundleMember.name(of: content.digest), at: offset, count: count)
    }

    /// Takes a member away from those that nothing speaks of yet.
    private static func take(_ name: String, _ length: Int64, from rest: inout [String: Int64]) throws {
        guard let actual = rest.removeValue(forKey: name) else {
            throw LivepatchError.invalid("it lacks '\(name)', or lists it twice; it may have been cut off")
        }
        guard actual == length else {
            throw LivepatchError.invalid("'\(name)' has \(actual) bytes, and its list says \(length)")
        }
    }
}

extension LivepatchError {
    /// - Parameter reason: what is wrong, as it follows "The bundle is damaged:".
    static func invalid(_ reason: String) -> LivepatchError {
        LivepatchError(
            .bundleInvalid, "The bundle is damaged: \(reason).",
            suggestion: "Nothing was taken from it. Copy it again, or create it anew.")
    }
}
