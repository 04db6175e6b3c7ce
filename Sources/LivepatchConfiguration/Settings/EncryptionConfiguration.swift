/// How a server encrypts its connections (TLS), and whose certificates it asks for.
public struct EncryptionConfiguration: Hashable, Sendable {
    public enum Version: String, Hashable, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    public enum ClientCertificates: String, Hashable, Sendable, CaseIterable {
        case none
        case optional
        case requiredFromDownstreams = "required-from-downstreams"
    }

    /// Paths of PEM files.
    public let certificate: String
    public let key: String
    /// The oldest version that is spoken.
    public let minimumVersion: Version
    /// The path of a PEM file; set unless ``clientCertificates`` is `none`.
    public let clientAuthority: String?
    public let clientCertificates: ClientCertificates

    /// `nil` for a server that encrypts nothing.
    init?(_ reading: inout ConfigurationReading) {
        let certificate = reading.value(EncryptionSettings.certificate)
        let key = reading.value(EncryptionSettings.key)
        minimumVersion = reading.value(EncryptionSettings.minimumVersion)
        clientAuthority = reading.value(EncryptionSettings.clientAuthority)
        clientCertificates = reading.value(EncryptionSettings.clientCertificates)
        Self.check(certificate, key, clientAuthority, clientCertificates, &reading)
        guard let certificate, let key else { return nil }
        self.certificate = certificate
        self.key = key
    }

    private static func check(
        _ certificate: String?, _ key: String?, _ authority: String?, _ wanted: ClientCertificates,
        _ reading: inout ConfigurationReading
    ) {
        if certificate != nil, key == nil {
            reading.refuse(
                .missingValue, EncryptionSettings.certificate, "server.tls.certificate is set, and server.tls.key is not.",
                suggestion: "Set server.tls.key to the file of its private key.")
        }
        if let key {
            if certificate == nil {
                reading.refuse(
                    .missingValue, EncryptionSettings.key, "server.tls.key is set, and server.tls.certificate is not.",
                    suggestion: "Set server.tls.certificate to the file of its certificate.")
            }
            if ConfigurationFile.isReadableByEveryone(key) {
                reading.note("Every user of this machine can read the private key in \(Redaction.escaped(key)): chmod 0600 it.")
            }
        }
        guard wanted != .none else {
            if authority != nil {
                reading.note("server.tls.client-ca is set, but server.tls.client-certificates is none: nobody is asked for one.")
            }
            return
        }
        if authority == nil {
            reading.refuse(
                .missingValue, EncryptionSettings.clientCertificates,
                "server.tls.client-certificates is \(wanted.rawValue), but no authority is named.",
                suggestion: "Set server.tls.client-ca to the certificates of the authorities that are accepted.")
        }
        if certificate == nil, key == nil {
            reading.refuse(
                .missingValue, EncryptionSettings.clientCertificates,
                "server.tls.client-certificates is \(wanted.rawValue), but the server does not speak TLS.",
                suggestion: "Set server.tls.certificate and server.tls.key.")
        }
    }
}
