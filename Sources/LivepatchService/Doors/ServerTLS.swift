public import FoundationEssentials
public import LivepatchKit
public import LivepatchTLS
import NIOCore
import NIOSSL

/// The server's side of TLS: what new connections are encrypted with, read again when its files change.
public final class ServerTLS: Sendable {
    /// What a connection needs, and what is to be known of it.
    private struct Material: Sendable {
        let context: NIOSSLContext
        let certificate: CertificateFacts
        /// Those of the clients' authorities.
        let authorities: [CertificateFacts]
    }

    /// What came of a look at the files.
    public enum Renewal: Sendable {
        case unchanged
        /// - Parameter validUntil: the end of the new certificate.
        case renewed(subject: String, validUntil: Date)
        /// What was in force stays so.
        case refused(LivepatchError)
    }

    public let settings: TLSSettings
    private let material: RenewedFromFiles<Material>

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if the files cannot be used.
    public init(_ settings: TLSSettings, now: Date) throws {
        self.settings = settings
        let paths = [settings.certificate, settings.key] + (settings.clientAuthorities.map { [$0] } ?? [])
        material = try RenewedFromFiles(paths, now: now) { try Self.load(settings, now: $0) }
    }

    /// Looks whether the files have changed; new connections have what is new, and old ones go on. Blocks its thread.
    /// - Parameter isAsked: whether somebody says that they are complete now; otherwise they have to have settled.
    public func look(now: Date, isAsked: Bool = false) -> Renewal {
        switch material.look(now: now, isAsked: isAsked) {
        case .unchanged: .unchanged
        case .renewed(let material):
            .renewed(subject: material.certificate.subject, validUntil: material.certificate.validUntil)
        case .refused(let error): .refused(error)
        }
    }

    /// What the next connection is encrypted with.
    var context: NIOSSLContext { material.value.context }

    /// Why the files, as they are now, are not in force; `nil` if they are.
    var failure: LivepatchError? { material.failure }

    /// What expires: the certificate in force, and the clients' authorities.
    public var expiring: [ExpiringCertificate] {
        let material = material.value
        let own = ExpiringCertificate(
            name: "server", words: "The server's TLS certificate (\(material.certificate.subject))",
            end: material.certificate.validUntil,
            remedy: "Put a new one into '\(settings.certificate)' and '\(settings.key)'; it is taken up by itself.")
        guard let authority = material.authorities.min(by: { $0.validUntil < $1.validUntil }) else { return [own] }
        return [
            own,
            ExpiringCertificate(
                name: "client-authority",
                words: "The authority of clients' certificates (\(authority.subject))", end: authority.validUntil,
                remedy: "Put a new one into '\(settings.clientAuthorities ?? "")'; it is taken up by itself."),
        ]
    }

    private static func load(_ settings: TLSSettings, now: Date) throws -> Material {
        let pair = try CertifiedKey(
            CertifiedKey.Files(certificate: settings.certificate, key: settings.key, owner: "The server's"), now: now)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain.map { .certificate($0) }, privateKey: .privateKey(pair.key))
        configuration.minimumTLSVersion = settings.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // Whoever does not answer the end of a connection is not waited for long.
        configuration.shutdownTimeout = .seconds(2)
        var authorities: [NIOSSLCertificate] = []
        if settings.clientCertificates != .none {
            authorities = try PEMFile.certificates(settings.clientAuthorities ?? "", "The file of clients' authorities")
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
        }
        do {
            return Material(
                context: try NIOSSLContext(configuration: configuration), certificate: pair.facts,
                authorities: authorities.map(CertificateFacts.init))
        } catch {
            throw LivepatchError(
                .configurationInvalid, "The server's certificate '\(settings.certificate)' cannot be used for TLS.",
                suggestion: "Give it an RSA key of 2048 bits or more, or one on the curve P-256, P-384 or P-521.", cause: error)
        }
    }
}
