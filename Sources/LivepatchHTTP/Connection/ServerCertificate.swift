public import FoundationEssentials
import LivepatchTLS

/// A server's TLS certificate, as it shows it to anybody.
public struct ServerCertificate: Hashable, Sendable {
    public let expires: Date
    /// The host names and addresses that it is for.
    public let names: [String]

    public init(expires: Date, names: [String]) {
        self.expires = expires
        self.names = names
    }

    /// Begins a handshake, and gives it up when the certificate is there. `nil` if it does not come to that.
    init?(of origin: Origin, timeouts: ConnectionTimeouts) async {
        guard origin.isSecure, let certificate = await UntrustedCertificate.shown(by: origin, within: timeouts.connect)?.first
        else { return nil }
        let facts = CertificateFacts(certificate)
        self.init(expires: facts.validUntil, names: facts.names)
    }
}
