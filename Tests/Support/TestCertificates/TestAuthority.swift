import Crypto
public import Foundation
import SwiftASN1
import X509

/// A certificate authority that nobody trusts until told to, made on the spot.
public struct TestAuthority: Sendable {
    /// A certificate and its private key, both in PEM.
    public struct Pair: Sendable {
        /// With those that lead to the authority, if there are any between.
        public let certificate: String
        public let key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }

        /// Writes both into a directory, `NAME.pem` and `NAME.key`, by renaming as whoever renews certificates does.
        @discardableResult
        public func write(to directory: String, as name: String) throws -> (certificate: String, key: String) {
            let paths = (certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key")
            try Data(key.utf8).write(to: URL(filePath: paths.key), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: paths.key)
            try Data(certificate.utf8).write(to: URL(filePath: paths.certificate), options: .atomic)
            return paths
        }
    }

    private let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// The authority's own certificate, in PEM.
    public var pem: String { get throws { try certificate.serializeAsPEM().pemString } }

    /// - Parameter name: the common name.
    public init(_ name: String = "Livepatch test authority") throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: Date() - 3600,
            notValidAfter: Date() + 10 * 365 * 86_400, issuer: subject, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            }, issuerPrivateKey: key)
    }

    /// Writes the authority's certificate into a directory.
    /// - Returns: its path.
    @discardableResult
    public func write(to directory: String, as name: String = "ca") throws -> String {
        let path = "\(directory)/\(name).pem"
        try Data(pem.utf8).write(to: URL(filePath: path))
        return path
    }

    /// Issues a certificate that is good for both sides of a connection.
    /// - Parameters:
    ///   - name: the common name.
    ///   - hosts: the host names that it is for.
    ///   - isLocal: whether it is for 127.0.0.1 and ::1, too.
    ///   - from: the beginning of its validity, in seconds from now.
    ///   - until: its end, in seconds from now.
    public func issue(
        _ name: String = "localhost", hosts: [String] = ["localhost"], isLocal: Bool = true, from: TimeInterval = -3600,
        until: TimeInterval = 90 * 86_400
    ) throws -> Pair {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        var names = hosts.map { GeneralName.dnsName($0) }
        if isLocal {
            names.append(.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])))
            names.append(.ipAddress(ASN1OctetString(contentBytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])))
        }
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: Date() + from,
            notValidAfter: Date() + until, issuer: certificate.subject, subject: try DistinguishedName { CommonName(name) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: self.key)
        return Pair(
            certificate: try leaf.serializeAsPEM().pemString + "\n", key: try key.serializeAsPEM().pemString + "\n")
    }
}
