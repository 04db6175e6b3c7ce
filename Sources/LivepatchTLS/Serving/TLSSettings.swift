/// How a server encrypts its connections, and whose certificates it asks for.
public struct TLSSettings: Hashable, Sendable {
    /// The oldest version of TLS that is spoken.
    public enum Version: String, Hashable, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// Whether clients show certificates.
    public enum ClientCertificates: String, Hashable, Sendable, CaseIterable {
        /// Nobody is asked for one.
        case none
        /// Who shows one has to show one of ``TLSSettings/clientAuthorities``.
        case optional
        /// As `optional`, and whoever comes with a sync token has to show one.
        case requiredFromDownstreams = "required-from-downstreams"
    }

    /// Paths of PEM files: the certificate with those that lead to its authority, and its key.
    public var certificate: String
    public var key: String
    public var minimumVersion: Version
    /// The path of a PEM file: the authorities whose certificates clients may show. Needed unless nobody is asked for one.
    public var clientAuthorities: String?
    public var clientCertificates: ClientCertificates

    public init(
        certificate: String, key: String, minimumVersion: Version = .tls12, clientAuthorities: String? = nil,
        clientCertificates: ClientCertificates = .none
    ) {
        self.certificate = certificate
        self.key = key
        self.minimumVersion = minimumVersion
        self.clientAuthorities = clientAuthorities
        self.clientCertificates = clientCertificates
    }
}
