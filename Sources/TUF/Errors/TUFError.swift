/// Why something was refused, or could not be done: what failed, for which role or file.
///
/// Match by ``code``; the message is for people.
public struct TUFError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. More kinds may come, so it is no enumeration.
    public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }
    }

    public let code: Code
    /// One sentence, with the role, file or key that it is about.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}

extension TUFError.Code {
    /// The document is not JSON, or not metadata of the role that it should be.
    public static let malformed = Self(rawValue: "malformed")
    /// The document follows another major version of the specification, or uses what this library does not know.
    public static let unsupported = Self(rawValue: "unsupported")
    /// Fewer than the threshold of the role's keys have signed.
    public static let unsigned = Self(rawValue: "unsigned")
    /// A version is lower than one that was trusted before, or a listed file has vanished.
    public static let rollback = Self(rawValue: "rollback")
    /// The version is not the one that was asked for or announced.
    public static let versionMismatch = Self(rawValue: "version-mismatch")
    /// The metadata was expired when the update began.
    public static let expired = Self(rawValue: "expired")
    /// There are more or fewer bytes than the metadata says.
    public static let lengthMismatch = Self(rawValue: "length-mismatch")
    /// The bytes do not have the hashes that the metadata lists.
    public static let hashMismatch = Self(rawValue: "hash-mismatch")
    /// More bytes came than are allowed; the rest was not read.
    public static let tooLong = Self(rawValue: "too-long")
    /// The bytes came more slowly than is allowed, or not at all.
    public static let tooSlow = Self(rawValue: "too-slow")
    /// The repository does not have the file.
    public static let unavailable = Self(rawValue: "unavailable")
    /// A role is delegated to, but the snapshot does not list it.
    public static let unlisted = Self(rawValue: "unlisted")
    /// The search for a target passed through more roles than are allowed.
    public static let tooManyRoles = Self(rawValue: "too-many-roles")
    /// No target of that path is known to any role that may speak for it.
    public static let noSuchTarget = Self(rawValue: "no-such-target")
    /// The application's own inspection refused the document.
    public static let refused = Self(rawValue: "refused")
    /// No root metadata to start from.
    public static let noTrustedRoot = Self(rawValue: "no-trusted-root")
    /// A file cannot be read or written.
    public static let storage = Self(rawValue: "storage")
    /// A key is not one that this library can use.
    public static let unusableKey = Self(rawValue: "unusable-key")
    /// What was asked for cannot be done in this state: an unknown role, a key that is not there, a step out of order.
    public static let notPossible = Self(rawValue: "not-possible")
}
