public import FoundationEssentials
import LivepatchKit
public import NIOSSL

/// What a certificate says of itself (RFC 5280), for people.
public struct CertificateFacts: Hashable, Sendable {
    /// Whom it is for, and who issued it: distinguished names, as RFC 4514 writes them.
    public let subject: String
    public let issuer: String
    /// The host names and addresses that it is for (subject alternative names).
    public let names: [String]
    public let validFrom: Date
    public let validUntil: Date

    public init(_ certificate: NIOSSLCertificate) {
        validFrom = Date(timeIntervalSince1970: TimeInterval(certificate.notValidBefore))
        validUntil = Date(timeIntervalSince1970: TimeInterval(certificate.notValidAfter))
        let found = try? CertificateNames(certificate.toDERBytes())
        subject = found?.subject ?? "somebody"
        issuer = found?.issuer ?? "somebody"
        names = found?.alternatives ?? []
    }

    /// Whether it was issued by the one whom it is for.
    public var isSelfIssued: Bool { subject == issuer }

    /// Why it is not valid at a time: a clause such as "expired at 2026-01-01T00:00:00Z"; `nil` if it is.
    public func invalidity(at time: Date) -> String? {
        if time > validUntil { return "expired at \(Timestamp.text(validUntil))" }
        if time < validFrom { return "is valid only from \(Timestamp.text(validFrom)) on" }
        return nil
    }
}
