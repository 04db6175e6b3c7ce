public import FoundationEssentials

/// What a machine is told at a check-in.
public struct CheckInAnswer: Hashable, Sendable, Codable {
    /// The patch that fits exactly the machine's kernel, and is the newest that it may have.
    public struct Offer: Hashable, Sendable, Codable {
        public let version: PatchVersion
        public let filename: PatchFileName
        /// In bytes.
        public let length: Int64
        public let sha256: SHA256Digest
        /// Where the file is: a URL, or a path on the server that was asked.
        public let url: String
        /// When the origin released it.
        public let released: Date
        public let cves: [String]

        public init(_ file: PatchFile, url: String) {
            version = file.name.version
            filename = file.name
            length = file.length
            sha256 = file.digest
            self.url = url
            released = file.released
            cves = file.cves
        }
    }

    /// Why there is no offer.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// No patch that this server knows is for exactly that kernel.
        case kernelUnknown = "kernel-unknown"
        /// The kernel is too old; one of the same series with a later build gets patches.
        case kernelUpgradeRequired = "kernel-upgrade-required"
        /// The kernel's series gets no more patches.
        case kernelEndOfLife = "kernel-end-of-life"
        /// Patches for the kernel are here, but the machine's tier holds none of them yet.
        case notInTier = "not-in-tier"
        /// What the machine has applied is newer than all that its tier holds for the kernel: nothing is to be done.
        case appliedIsNewer = "applied-is-newer"
        /// All patches of the tier for the kernel are blocked.
        case blocked
        /// All patches of the tier for the kernel were released after the machine's `cutoff-date`.
        case cutoffDate = "cutoff-date"
        /// All patches of the tier for the kernel are younger than the machine's `patch-delay`.
        case patchDelay = "patch-delay"
        /// The content has not arrived at this server, or was damaged.
        case contentMissing = "content-missing"
    }

    /// Something that the machine's owner should know; nothing depends on it.
    public struct Warning: Hashable, Sendable, Codable {
        public enum Code: String, Sendable, Codable, CaseIterable {
            /// Two machines use the same id or the same token.
            case machineShared = "machine-shared"
            /// The machine's clock is off by more than five minutes.
            case clockOff = "clock-off"
            /// Something that the report said was cut, or could not be kept.
            case reportCut = "report-cut"
        }

        public let code: Code
        public let message: String

        public init(_ code: Code, _ message: String) {
            self.code = code
            self.message = message
        }
    }

    /// The server's time.
    public let time: Date
    /// The catalogue's revision that the answer was made from.
    public let revision: CatalogRevision
    public let tier: TierName
    /// The patch to have; `nil` if there is none.
    public var patch: Offer?
    /// Why there is no patch; `nil` if there is one.
    public var reason: Reason?
    /// ``reason`` in words.
    public var message: String?
    /// Whether the patch that the machine has applied is blocked: it is to be taken back.
    public var revoked: Bool
    public var warnings: [Warning]
    /// When to come back, in seconds from now. It differs from answer to answer, so that machines do not come back together.
    public let nextCheckSeconds: Int

    public init(
        time: Date, revision: CatalogRevision, tier: TierName, patch: Offer? = nil, reason: Reason? = nil, message: String? = nil,
        revoked: Bool = false, warnings: [Warning] = [], nextCheckSeconds: Int
    ) {
        self.time = Timestamp.wholeSecond(time)
        self.revision = revision
        self.tier = tier
        self.patch = patch
        self.reason = reason
        self.message = message
        self.revoked = revoked
        self.warnings = warnings
        self.nextCheckSeconds = nextCheckSeconds
    }
}
