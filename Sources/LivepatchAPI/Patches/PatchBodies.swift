public import LivepatchKit

/// A patch version and where it is.
public struct PatchVersionBody: Hashable, Sendable, Codable {
    public let record: PatchVersionRecord
    /// The tiers that hold it, in order, whether it is blocked or not.
    public let tiers: [TierName]
    /// Who blocked it; empty if nobody did.
    public let blocks: [Block]

    public init(record: PatchVersionRecord, tiers: [TierName], blocks: [Block]) {
        self.record = record
        self.tiers = tiers
        self.blocks = blocks
    }
}

/// `GET /v1/admin/patches?tier=…`, in order of version, page by page.
public struct PatchListBody: Hashable, Sendable, Codable {
    public let patches: [PatchVersionBody]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(patches: [PatchVersionBody], next: String? = nil) {
        self.patches = patches
        self.next = next
    }
}

/// `GET /v1/admin/patches/{version}`
public struct PatchDetailBody: Hashable, Sendable, Codable {
    public let patch: PatchVersionBody
    /// In order of name.
    public let files: [PatchFileRecord]

    public init(patch: PatchVersionBody, files: [PatchFileRecord]) {
        self.patch = patch
        self.files = files
    }
}

/// The answer to `PUT /v1/admin/patch-files/{filename}?cve=…&cve=…&released=…`, whose body is the tarball.
public struct PatchImportBody: Hashable, Sendable, Codable {
    public let file: PatchFile
    /// `false` if exactly this file was there already.
    public let added: Bool
    /// The module's name.
    public let module: String
    public let license: String?
    public let vermagic: String

    public init(file: PatchFile, added: Bool, module: String, license: String?, vermagic: String) {
        self.file = file
        self.added = added
        self.module = module
        self.license = license
        self.vermagic = vermagic
    }
}
