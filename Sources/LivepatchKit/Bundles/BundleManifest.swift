public import FoundationEssentials

/// What a bundle is and holds, to be read before anything else of it: its member `bundle.json`.
///
/// Nobody signs it. It helps to find things and to notice accidents; what is believed, the signed metadata in the bundle says.
public struct BundleManifest: Hashable, Sendable, Codable {
    /// The version of the format that this release writes and reads.
    public static let currentFormat = 1

    /// The version of the bundle's format.
    public let format: Int
    public let id: BundleID
    /// When it was created, by the clock there.
    public let created: Date
    /// The server that it was created from.
    public let deployment: DeploymentID
    /// The tier whose view it holds, as a sync token for that tier shows it.
    public let tier: TierName
    /// The bundle that it builds on; `nil` if it holds everything.
    public let base: BundleReference?
    /// Head, documents and metadata, in the order in which they follow.
    public let documents: [Document]
    /// All content of the view, in order of digest.
    public let contents: [Content]

    public init(
        id: BundleID, created: Date, deployment: DeploymentID, tier: TierName, base: BundleReference?, documents: [Document],
        contents: [Content]
    ) {
        format = Self.currentFormat
        self.id = id
        self.created = created
        self.deployment = deployment
        self.tier = tier
        self.base = base
        self.documents = documents
        self.contents = contents
    }

    /// The bundle as others refer to it.
    public var reference: BundleReference { BundleReference(id: id, created: created) }
}

extension BundleManifest {
    /// A document or metadata file.
    public struct Document: Hashable, Sendable, Codable {
        /// The member's name.
        public let name: String
        /// In bytes.
        public let length: Int64
        public let digest: SHA256Digest

        public init(name: String, length: Int64, digest: SHA256Digest) {
            self.name = name
            self.length = length
            self.digest = digest
        }
    }

    /// A content of the view.
    public struct Content: Hashable, Sendable, Codable {
        /// Where the content is.
        public enum Place: String, Sendable, Codable, CaseIterable {
            /// In this bundle.
            case included
            /// In the bundle that this one builds on, or in one which that builds on.
            case earlier
            /// The server that created the bundle did not have it itself.
            case missing
        }

        public let digest: SHA256Digest
        /// In bytes.
        public let length: Int64
        public let place: Place
        /// The patch files that have this content, in order.
        public let files: [PatchFileName]

        public init(digest: SHA256Digest, length: Int64, place: Place, files: [PatchFileName]) {
            self.digest = digest
            self.length = length
            self.place = place
            self.files = files
        }
    }

    /// The contents of one kind, and their bytes.
    public func total(_ place: Content.Place) -> (count: Int, bytes: Int64) {
        contents.reduce(into: (count: 0, bytes: 0)) { total, content in
            guard content.place == place else { return }
            total.count += 1
            total.bytes += content.length
        }
    }
}

/// A bundle, named by another one.
public struct BundleReference: Hashable, Sendable, Codable {
    public let id: BundleID
    public let created: Date

    public init(id: BundleID, created: Date) {
        self.id = id
        self.created = created
    }
}

extension BundleReference: CustomStringConvertible {
    /// `bundle 123e4567-… of 2026-11-22T08:00:00Z`
    public var description: String { "bundle \(id) of \(Timestamp.text(created))" }
}

/// A bundle's name, which no other bundle has: a UUID.
public struct BundleID: Hashable, Sendable {
    public let rawValue: String

    public init(_ id: UUID) { rawValue = id.uuidString.lowercased() }

    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard text.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a bundle's id.", suggestion: "An id is a UUID in lower-case letters.")
        }
        rawValue = text
    }
}

extension BundleID: CustomStringConvertible {
    public var description: String { rawValue }
}

extension BundleID: TextCodable {}
