import TUF

/// How long a document is good, and when it is renewed.
public struct MetadataLifetime: Hashable, Sendable {
    /// From the moment at which it is signed, in seconds.
    public let seconds: Int64
    /// It is renewed when no more than this is left, in seconds; 0 for a document that is not renewed by itself.
    public let renewal: Int64

    public init(seconds: Int64, renewal: Int64) {
        self.seconds = seconds
        self.renewal = renewal
    }

    public init(days: Int64, renewal: Int64) { self.init(seconds: days * 86_400, renewal: renewal * 86_400) }

    /// The moment from which on a document with that expiry is due.
    func due(_ expires: MetadataTime) -> MetadataTime { renewal > 0 ? expires.adding(seconds: -renewal) : .distantFuture }
}

/// How long each kind of metadata is good.
public struct MetadataLifetimes: Hashable, Sendable {
    public var root = MetadataLifetime(days: 365, renewal: 60)
    /// Of the targets role, the revocations and the tiers.
    public var targets = MetadataLifetime(days: 90, renewal: 30)
    /// Of a patch version's files, which are signed again only if they change.
    public var patch = MetadataLifetime(days: 3650, renewal: 0)
    public var snapshot = MetadataLifetime(seconds: 7 * 86_400, renewal: 7 * 43_200)
    public var timestamp = MetadataLifetime(seconds: 86_400, renewal: 43_200)

    public init() {}
}

extension MetadataTime {
    /// Later than anything that is signed.
    static let distantFuture = MetadataTime(secondsSince1970: .max)
}
