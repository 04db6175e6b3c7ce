/// How far work on the whole storage is.
public struct StorageProgress: Hashable, Sendable, Codable {
    /// Files or pieces of content looked at, and how many there are; 0 if that is not known yet.
    public var done: Int
    public var total: Int
    /// Content read, and how much there is, in bytes.
    public var bytesDone: Int64
    public var bytesTotal: Int64

    public init(done: Int = 0, total: Int = 0, bytesDone: Int64 = 0, bytesTotal: Int64 = 0) {
        self.done = done
        self.total = total
        self.bytesDone = bytesDone
        self.bytesTotal = bytesTotal
    }
}

/// What a verification found.
public struct StorageVerification: Hashable, Sendable, Codable {
    public struct Finding: Hashable, Sendable, Codable {
        public enum Fault: String, Sendable, Codable, CaseIterable {
            /// The content's bytes do not have its digest.
            case damaged
            /// The catalogue lists the file, but there is no content.
            case missing
            /// The medium could not be read.
            case unreadable
        }

        public let file: PatchFileName
        public let digest: SHA256Digest
        public let fault: Fault
        /// Whether the content was fetched from the upstream again.
        public var repaired: Bool
        /// Why it was not repaired, or what the medium said.
        public var reason: String?

        public init(file: PatchFileName, digest: SHA256Digest, fault: Fault, repaired: Bool = false, reason: String? = nil) {
            self.file = file
            self.digest = digest
            self.fault = fault
            self.repaired = repaired
            self.reason = reason
        }
    }

    /// Files of the catalogue that were looked at, and their content that was hashed, in bytes.
    public var files: Int
    public var bytes: Int64
    /// Files whose content is fetched when it is first asked for: there is nothing to look at. `nil` for none.
    public var awaited: Int?
    public var findings: [Finding]

    public init(files: Int = 0, bytes: Int64 = 0, awaited: Int? = nil, findings: [Finding] = []) {
        self.files = files
        self.bytes = bytes
        self.awaited = awaited
        self.findings = findings
    }

    /// Whether something is still wrong.
    public var needsAttention: Bool { findings.contains { !$0.repaired } }
}

/// What a reconciliation of drop folder, storage and catalogue did.
public struct StorageRefresh: Hashable, Sendable, Codable {
    public struct Refusal: Hashable, Sendable, Codable {
        /// The file's name in the drop folder.
        public let file: String
        /// A ``LivepatchError/Code``.
        public let code: String
        public let message: String

        public init(file: String, code: String, message: String) {
            self.file = file
            self.code = code
            self.message = message
        }
    }

    /// Files of the drop folder that are in the catalogue now.
    public var imported: [PatchFileName]
    /// Files of the drop folder that were in the catalogue already.
    public var known: [PatchFileName]
    /// Files of the drop folder that were refused. They are moved aside, unless they may still be being written.
    public var refused: [Refusal]
    /// Files of the catalogue whose content has gone missing: they are no longer served.
    public var lost: [PatchFileName]
    /// Files of the catalogue whose content is there again.
    public var found: [PatchFileName]

    public init(
        imported: [PatchFileName] = [], known: [PatchFileName] = [], refused: [Refusal] = [], lost: [PatchFileName] = [],
        found: [PatchFileName] = []
    ) {
        self.imported = imported
        self.known = known
        self.refused = refused
        self.lost = lost
        self.found = found
    }
}

/// What a collection removed, or would remove.
public struct StorageCollection: Hashable, Sendable, Codable {
    /// Files of the catalogue that the sync filter no longer admits.
    public var files: [PatchFileName]
    /// Content that no file of the catalogue refers to.
    public var contents: [SHA256Digest]
    /// All of that content, in bytes.
    public var bytes: Int64
    /// What interrupted transfers left behind, in bytes.
    public var stagedBytes: Int64
    public var dryRun: Bool

    public init(
        files: [PatchFileName] = [], contents: [SHA256Digest] = [], bytes: Int64 = 0, stagedBytes: Int64 = 0, dryRun: Bool = false
    ) {
        self.files = files
        self.contents = contents
        self.bytes = bytes
        self.stagedBytes = stagedBytes
        self.dryRun = dryRun
    }
}
