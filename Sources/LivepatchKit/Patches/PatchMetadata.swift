public import FoundationEssentials

/// What a patch's builder may say about it: the optional `patch.json` in the tarball, or the importer's options.
public struct PatchMetadata: Hashable, Sendable, Codable {
    /// CVE identifiers: `CVE-2024-1086`.
    public var cves: [String]?
    /// When the patch was released; the time of import where nobody says.
    public var released: Date?

    public init(cves: [String]? = nil, released: Date? = nil) {
        self.cves = cves
        self.released = released
    }

    /// Reads a `patch.json`: an object with the optional members `cves` (array of strings) and `released` (RFC 3339).
    /// - Throws: ``LivepatchError`` with the code `patch-metadata-invalid`.
    public init(parsing json: [UInt8]) throws {
        do {
            self = try DocumentCoding.decode(Self.self, from: json)
        } catch {
            throw LivepatchError(
                .patchMetadataInvalid, "The patch.json in the archive cannot be read: \(DocumentCoding.reason(error)).",
                suggestion: #"It is an object such as {"cves": ["CVE-2024-1086"], "released": "2024-06-01T12:00:00Z"}."#,
                cause: error)
        }
        try validate()
    }

    /// - Throws: ``LivepatchError`` with the code `patch-metadata-invalid` for an identifier that is not a CVE's.
    public func validate() throws {
        for cve in cves ?? [] where !Self.isCVE(cve) {
            throw LivepatchError(
                .patchMetadataInvalid, "'\(cve)' is not a CVE identifier.", suggestion: "Write it like CVE-2024-1086.")
        }
    }

    private static func isCVE(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "CVE" && parts[1].utf8.count == 4 && parts[2].utf8.count >= 4
            && parts.dropFirst().allSatisfy { $0.isName(of: .digits, atMost: 19) }
    }

    /// These words, and the other's where these are silent.
    public func completed(by other: PatchMetadata) -> PatchMetadata {
        PatchMetadata(cves: cves ?? other.cves, released: released ?? other.released)
    }
}
