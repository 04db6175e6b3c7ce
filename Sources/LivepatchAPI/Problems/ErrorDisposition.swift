public import LivepatchKit

/// What becomes of an error where it leaves the program: the HTTP status of an answer, the exit status of a command, and how loudly a
/// server's log tells it. The one table of them.
public struct ErrorDisposition: Hashable, Sendable {
    /// How much an error concerns the server's operator.
    public enum Severity: String, Sendable, CaseIterable {
        /// The caller's mistake.
        case information
        /// Something outside that may need attention.
        case warning
        /// Something of this server's that needs attention.
        case error
    }

    /// The HTTP status (RFC 9110, section 15; RFC 6585).
    public let status: Int
    public let exit: ExitStatus
    public let severity: Severity

    private init(_ status: Int, _ exit: ExitStatus, _ severity: Severity) {
        self.status = status
        self.exit = exit
        self.severity = severity
    }

    /// The disposition of a code; that of `internal-fault` for one that this release does not know.
    public init(of code: LivepatchError.Code) {
        self = Self.table[code] ?? Self(500, .software, .error)
    }

    /// Every code of ``LivepatchError/Code/allCases``.
    static let table: [LivepatchError.Code: ErrorDisposition] = [
        .malformedValue: Self(400, .usage, .information),
        .malformedRequest: Self(400, .usage, .information),
        .methodNotAllowed: Self(405, .protocolError, .information),
        .requestTooLarge: Self(413, .dataError, .information),
        .rangeNotSatisfiable: Self(416, .dataError, .information),
        .notFound: Self(404, .noInput, .information),
        .alreadyExists: Self(409, .cannotCreate, .information),
        .preconditionFailed: Self(412, .temporaryFailure, .information),
        .idempotencyKeyReused: Self(422, .usage, .information),
        .idempotencyKeyInUse: Self(409, .temporaryFailure, .information),
        .idempotencyOutcomeUnknown: Self(409, .temporaryFailure, .warning),
        .tierUnknown: Self(404, .noInput, .information),
        .tierInUse: Self(409, .dataError, .information),
        .lastTier: Self(409, .dataError, .information),
        .versionUnknown: Self(404, .noInput, .information),
        .versionBlocked: Self(409, .dataError, .information),
        .blockedUpstream: Self(409, .noPermission, .information),
        .managedUpstream: Self(409, .noPermission, .information),
        .importRefused: Self(409, .noPermission, .information),
        .catalogueChanged: Self(409, .temporaryFailure, .information),
        .changeUnknown: Self(404, .noInput, .information),
        .notUndoable: Self(409, .dataError, .information),
        .patchNameInvalid: Self(422, .dataError, .information),
        .patchArchiveInvalid: Self(422, .dataError, .information),
        .patchTruncated: Self(422, .dataError, .information),
        .patchTooLarge: Self(413, .dataError, .information),
        .patchModuleCount: Self(422, .dataError, .information),
        .patchModuleInvalid: Self(422, .dataError, .information),
        .patchNotLivepatch: Self(422, .dataError, .information),
        .patchKernelMismatch: Self(422, .dataError, .information),
        .patchArchitectureMismatch: Self(422, .dataError, .information),
        .patchMetadataInvalid: Self(422, .dataError, .information),
        .patchContentDiffers: Self(409, .dataError, .information),
        .digestMismatch: Self(422, .dataError, .warning),
        .lengthMismatch: Self(422, .dataError, .warning),
        .storageFull: Self(507, .ioError, .error),
        .storageUnavailable: Self(500, .ioError, .error),
        .storageDamaged: Self(500, .ioError, .error),
        .storageBusy: Self(503, .temporaryFailure, .information),
        .contentNotFetched: Self(503, .temporaryFailure, .information),
        .databaseUnavailable: Self(503, .ioError, .error),
        .databaseNewer: Self(500, .configuration, .error),
        .databaseForeign: Self(500, .configuration, .error),
        .syncNotConfigured: Self(409, .configuration, .information),
        .syncUnderWay: Self(409, .temporaryFailure, .information),
        .upstreamUnreachable: Self(502, .unavailable, .warning),
        .upstreamTimeout: Self(504, .unavailable, .warning),
        .upstreamFailed: Self(502, .unavailable, .warning),
        .upstreamRefusedToken: Self(502, .noPermission, .error),
        .upstreamLacks: Self(502, .noInput, .warning),
        .upstreamMalformed: Self(502, .protocolError, .error),
        .upstreamMoving: Self(502, .temporaryFailure, .warning),
        .upstreamLoop: Self(508, .configuration, .error),
        .upstreamShrunken: Self(409, .dataError, .error),
        .upstreamUntrusted: Self(502, .dataError, .error),
        .upstreamStale: Self(502, .dataError, .error),
        .trustUnavailable: Self(500, .software, .error),
        .rootRefused: Self(422, .dataError, .warning),
        .upstreamEmpty: Self(409, .dataError, .warning),
        .bundleInvalid: Self(422, .dataError, .error),
        .bundleBaseMissing: Self(409, .noInput, .warning),
        .backupInvalid: Self(422, .dataError, .error),
        .backupLocked: Self(422, .noPermission, .information),
        .restoreRefused: Self(409, .cannotCreate, .information),
        .tokenRefused: Self(401, .noPermission, .information),
        .clientCertificateRequired: Self(403, .noPermission, .warning),
        .loginRequired: Self(401, .noPermission, .information),
        .loginFailed: Self(401, .noPermission, .warning),
        .loginLocked: Self(429, .temporaryFailure, .warning),
        .roleInsufficient: Self(403, .noPermission, .information),
        .machineLimit: Self(403, .noPermission, .warning),
        .machineMismatch: Self(403, .noPermission, .warning),
        .kernelUnrecognized: Self(500, .dataError, .error),
        .kernelRefused: Self(500, .software, .error),
        .livepatchUnavailable: Self(500, .unavailable, .error),
        .permissionMissing: Self(500, .noPermission, .error),
        .patchSignatureInvalid: Self(422, .dataError, .error),
        .patchCrashed: Self(409, .dataError, .error),
        .agentNotEnabled: Self(409, .configuration, .information),
        .machineUnidentified: Self(500, .configuration, .error),
        .configurationInvalid: Self(500, .configuration, .error),
        .unavailable: Self(503, .temporaryFailure, .warning),
        .serverOverloaded: Self(503, .temporaryFailure, .information),
        .rateLimited: Self(429, .temporaryFailure, .information),
        .requestTimeout: Self(408, .protocolError, .information),
        .headerTooLarge: Self(431, .protocolError, .information),
        .targetTooLong: Self(414, .protocolError, .information),
        .serverUnreachable: Self(502, .unavailable, .warning),
        .cancelled: Self(503, .temporaryFailure, .information),
        .internalFault: Self(500, .software, .error),
    ]
}

/// Exit statuses, as sysexits(3) numbers them.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    /// Something failed, in part or without a better word.
    case failure = 1
    case usage = 64
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case cannotCreate = 73
    case ioError = 74
    case temporaryFailure = 75
    case protocolError = 76
    case noPermission = 77
    case configuration = 78
}
