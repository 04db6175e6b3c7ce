extension LivepatchError.Code {
    // Values and requests
    /// A value could not be read: a version, a name, a duration, a time.
    public static let malformedValue = Self(rawValue: "malformed-value")
    /// A request's body or parameters do not fit what the operation takes.
    public static let malformedRequest = Self(rawValue: "malformed-request")
    /// The path exists, but does not take the request's method.
    public static let methodNotAllowed = Self(rawValue: "method-not-allowed")
    /// A request's body is larger than the operation takes.
    public static let requestTooLarge = Self(rawValue: "request-too-large")
    /// The range asked for begins beyond the end.
    public static let rangeNotSatisfiable = Self(rawValue: "range-not-satisfiable")
    /// Nothing is known under that name, or nothing that the caller may see.
    public static let notFound = Self(rawValue: "not-found")
    /// The name is taken.
    public static let alreadyExists = Self(rawValue: "already-exists")
    /// What the request expects to find has been changed since.
    public static let preconditionFailed = Self(rawValue: "precondition-failed")
    /// Another change was asked for under the same idempotency key.
    public static let idempotencyKeyReused = Self(rawValue: "idempotency-key-reused")
    /// The change that was asked for under the idempotency key is still being made.
    public static let idempotencyKeyInUse = Self(rawValue: "idempotency-key-in-use")
    /// The server stopped while it made the change, and does not know what came of it.
    public static let idempotencyOutcomeUnknown = Self(rawValue: "idempotency-outcome-unknown")

    // Tiers and promotion
    /// No tier has that name.
    public static let tierUnknown = Self(rawValue: "tier-unknown")
    /// Tokens refer to the tier.
    public static let tierInUse = Self(rawValue: "tier-in-use")
    /// The last tier cannot be removed.
    public static let lastTier = Self(rawValue: "last-tier")
    /// No patch version of that number is in the catalogue.
    public static let versionUnknown = Self(rawValue: "version-unknown")
    /// The patch version is blocked.
    public static let versionBlocked = Self(rawValue: "version-blocked")
    /// The version's block was made upstream and can only be lifted there.
    public static let blockedUpstream = Self(rawValue: "blocked-upstream")
    /// Tiers and promotions are the upstream's here (`patch-sync.sync-tiers`).
    public static let managedUpstream = Self(rawValue: "managed-upstream")
    /// Patches enter this chain at its origin, not here.
    public static let importRefused = Self(rawValue: "import-refused")
    /// The catalogue changed between plan and application.
    public static let catalogueChanged = Self(rawValue: "catalogue-changed")
    /// No recorded change has that number.
    public static let changeUnknown = Self(rawValue: "change-unknown")
    /// The recorded change cannot be reversed.
    public static let notUndoable = Self(rawValue: "not-undoable")

    // Patch files
    /// The file name does not have the form of a patch file's.
    public static let patchNameInvalid = Self(rawValue: "patch-name-invalid")
    /// The archive is not a tarball that can be read.
    public static let patchArchiveInvalid = Self(rawValue: "patch-archive-invalid")
    /// The archive ends before its end.
    public static let patchTruncated = Self(rawValue: "patch-truncated")
    /// The archive or what it unpacks to is larger than allowed.
    public static let patchTooLarge = Self(rawValue: "patch-too-large")
    /// The archive does not hold exactly one kernel module.
    public static let patchModuleCount = Self(rawValue: "patch-module-count")
    /// The module is not an ELF object with a readable `.modinfo`.
    public static let patchModuleInvalid = Self(rawValue: "patch-module-invalid")
    /// The module does not declare `livepatch=Y`.
    public static let patchNotLivepatch = Self(rawValue: "patch-not-livepatch")
    /// The module was built for another kernel than the file name says.
    public static let patchKernelMismatch = Self(rawValue: "patch-kernel-mismatch")
    /// The module was built for another architecture than the file name says.
    public static let patchArchitectureMismatch = Self(rawValue: "patch-architecture-mismatch")
    /// The `patch.json` in the archive cannot be read.
    public static let patchMetadataInvalid = Self(rawValue: "patch-metadata-invalid")
    /// A file of that name is in the catalogue with other content.
    public static let patchContentDiffers = Self(rawValue: "patch-content-differs")

    // Content and storage
    /// Bytes do not have the SHA-256 that they were announced with.
    public static let digestMismatch = Self(rawValue: "digest-mismatch")
    /// There are more or fewer bytes than announced.
    public static let lengthMismatch = Self(rawValue: "length-mismatch")
    /// The storage has no room.
    public static let storageFull = Self(rawValue: "storage-full")
    /// The storage cannot be read or written.
    public static let storageUnavailable = Self(rawValue: "storage-unavailable")
    /// Stored content is damaged.
    public static let storageDamaged = Self(rawValue: "storage-damaged")
    /// Another process or task holds the storage for itself.
    public static let storageBusy = Self(rawValue: "storage-busy")
    /// The content is fetched from the upstream when it is asked for, and that is not possible at the moment.
    public static let contentNotFetched = Self(rawValue: "content-not-fetched")
    /// The database cannot be opened, read or written.
    public static let databaseUnavailable = Self(rawValue: "database-unavailable")
    /// The database was written by a newer release.
    public static let databaseNewer = Self(rawValue: "database-newer")
    /// The file is not a database of this system.
    public static let databaseForeign = Self(rawValue: "database-foreign")

    // Sync
    /// No upstream is configured.
    public static let syncNotConfigured = Self(rawValue: "sync-not-configured")
    /// Another sync of this data directory is under way.
    public static let syncUnderWay = Self(rawValue: "sync-under-way")
    /// The upstream cannot be reached.
    public static let upstreamUnreachable = Self(rawValue: "upstream-unreachable")
    /// The upstream took longer than allowed.
    public static let upstreamTimeout = Self(rawValue: "upstream-timeout")
    /// The upstream answered with an error.
    public static let upstreamFailed = Self(rawValue: "upstream-failed")
    /// The upstream does not accept the sync token.
    public static let upstreamRefusedToken = Self(rawValue: "upstream-refused-token")
    /// The upstream does not hold, or does not show, what was asked for.
    public static let upstreamLacks = Self(rawValue: "upstream-lacks")
    /// The upstream's answer is not what this protocol allows.
    public static let upstreamMalformed = Self(rawValue: "upstream-malformed")
    /// The upstream's documents kept changing while they were read.
    public static let upstreamMoving = Self(rawValue: "upstream-moving")
    /// Syncing from that upstream would close a loop.
    public static let upstreamLoop = Self(rawValue: "upstream-loop")
    /// The upstream shows so much less than before that it takes a confirmation.
    public static let upstreamShrunken = Self(rawValue: "upstream-shrunken")
    /// The upstream shows nothing to this token.
    public static let upstreamEmpty = Self(rawValue: "upstream-empty")
    /// What the upstream shows is not proven: signatures are missing or wrong, a version went back, or a root is not a trusted one.
    public static let upstreamUntrusted = Self(rawValue: "upstream-untrusted")
    /// The upstream cannot prove that what it shows is recent: its metadata has expired.
    public static let upstreamStale = Self(rawValue: "upstream-stale")
    /// The keys or the metadata of this server's own repositories cannot be used.
    public static let trustUnavailable = Self(rawValue: "trust-unavailable")
    /// A root that was signed elsewhere is not one that readers would follow to, or that this server could sign under.
    public static let rootRefused = Self(rawValue: "root-refused")

    // Bundles
    /// A bundle is damaged, cut off, or not one at all.
    public static let bundleInvalid = Self(rawValue: "bundle-invalid")
    /// A bundle builds on another one that has not been applied.
    public static let bundleBaseMissing = Self(rawValue: "bundle-base-missing")

    // Backups
    /// A backup is damaged, cut off, or not one at all.
    public static let backupInvalid = Self(rawValue: "backup-invalid")
    /// The keys in a backup are encrypted, and not with this passphrase or key.
    public static let backupLocked = Self(rawValue: "backup-locked")
    /// Something is where a backup would be restored to.
    public static let restoreRefused = Self(rawValue: "restore-refused")

    // Who asks
    /// The token is missing, malformed, unknown, expired or revoked; the wire does not say which.
    public static let tokenRefused = Self(rawValue: "token-refused")
    /// The server asks this caller for a TLS client certificate, and there was none.
    public static let clientCertificateRequired = Self(rawValue: "client-certificate-required")
    /// The administrator is not logged in, or the session has ended.
    public static let loginRequired = Self(rawValue: "login-required")
    /// User or password is wrong.
    public static let loginFailed = Self(rawValue: "login-failed")
    /// Too many logins have failed, or are under way: passwords are not looked at for a while.
    public static let loginLocked = Self(rawValue: "login-locked")
    /// The administrator's role does not allow it.
    public static let roleInsufficient = Self(rawValue: "role-insufficient")

    // Machines
    /// The auth token has attached as many machines as it may.
    public static let machineLimit = Self(rawValue: "machine-limit")
    /// The machine token belongs to another machine than the path names.
    public static let machineMismatch = Self(rawValue: "machine-mismatch")

    // A machine's own kernel
    /// The running kernel's version is not one that patches are named by.
    public static let kernelUnrecognized = Self(rawValue: "kernel-unrecognized")
    /// The kernel refused a module, or to take a patch back.
    public static let kernelRefused = Self(rawValue: "kernel-refused")
    /// The kernel cannot be live-patched.
    public static let livepatchUnavailable = Self(rawValue: "livepatch-unavailable")
    /// The program lacks a right that it needs.
    public static let permissionMissing = Self(rawValue: "permission-missing")
    /// The module's signature is missing, or not by the given certificate.
    public static let patchSignatureInvalid = Self(rawValue: "patch-signature-invalid")
    /// The machine went down with that patch.
    public static let patchCrashed = Self(rawValue: "patch-crashed")
    /// The machine is not attached to a server.
    public static let agentNotEnabled = Self(rawValue: "agent-not-enabled")
    /// The machine has no id of its own.
    public static let machineUnidentified = Self(rawValue: "machine-unidentified")

    // The server
    /// The configuration has a mistake.
    public static let configurationInvalid = Self(rawValue: "configuration-invalid")
    /// The server is too busy or is stopping; try again later.
    public static let unavailable = Self(rawValue: "unavailable")
    /// The server has more requests than it can serve at once.
    public static let serverOverloaded = Self(rawValue: "server-overloaded")
    /// Somebody asks too often.
    public static let rateLimited = Self(rawValue: "rate-limited")
    /// A request came too slowly.
    public static let requestTimeout = Self(rawValue: "request-timeout")
    /// A request's line or header is longer than the server reads.
    public static let headerTooLarge = Self(rawValue: "header-too-large")
    /// A request's path and query are longer than the server reads.
    public static let targetTooLong = Self(rawValue: "url-too-long")
    /// The server cannot be reached.
    public static let serverUnreachable = Self(rawValue: "server-unreachable")
    /// The operation was cancelled.
    public static let cancelled = Self(rawValue: "cancelled")
    /// A fault of the program itself.
    public static let internalFault = Self(rawValue: "internal-fault")
}

extension LivepatchError.Code: CaseIterable {
    /// Every code that this project uses, so that a table of them can be proven complete.
    public static let allCases: [Self] = [
        .malformedValue, .malformedRequest, .methodNotAllowed, .requestTooLarge, .rangeNotSatisfiable,
        .notFound, .alreadyExists, .preconditionFailed,
        .idempotencyKeyReused, .idempotencyKeyInUse, .idempotencyOutcomeUnknown,
        .tierUnknown, .tierInUse, .lastTier, .versionUnknown, .versionBlocked, .blockedUpstream, .managedUpstream,
        .importRefused, .catalogueChanged, .changeUnknown, .notUndoable,
        .patchNameInvalid, .patchArchiveInvalid, .patchTruncated, .patchTooLarge, .patchModuleCount,
        .patchModuleInvalid, .patchNotLivepatch, .patchKernelMismatch, .patchArchitectureMismatch,
        .patchMetadataInvalid, .patchContentDiffers,
        .digestMismatch, .lengthMismatch, .storageFull, .storageUnavailable, .storageDamaged, .storageBusy,
        .contentNotFetched, .databaseUnavailable, .databaseNewer, .databaseForeign,
        .syncNotConfigured, .syncUnderWay, .upstreamUnreachable, .upstreamTimeout, .upstreamFailed,
        .upstreamRefusedToken, .upstreamLacks, .upstreamMalformed, .upstreamMoving, .upstreamLoop,
        .upstreamShrunken, .upstreamEmpty, .upstreamUntrusted, .upstreamStale, .trustUnavailable, .rootRefused,
        .bundleInvalid, .bundleBaseMissing,
        .backupInvalid, .backupLocked, .restoreRefused,
        .tokenRefused, .clientCertificateRequired, .loginRequired, .loginFailed, .loginLocked, .roleInsufficient,
        .machineLimit, .machineMismatch,
        .kernelUnrecognized, .kernelRefused, .livepatchUnavailable, .permissionMissing, .patchSignatureInvalid, .patchCrashed,
        .agentNotEnabled, .machineUnidentified,
        .configurationInvalid, .unavailable, .serverOverloaded, .rateLimited, .requestTimeout, .headerTooLarge, .targetTooLong,
        .serverUnreachable, .cancelled, .internalFault,
    ]
}
