public import FoundationEssentials
import LivepatchKit
public import NIOSSL

/// A certificate with the certificates that lead to its authority, and the private key that it is about: what one side of a
/// connection proves itself with.
public struct CertifiedKey: Sendable {
    /// Where they are kept, and what they are called in messages.
    public struct Files: Hashable, Sendable {
        /// The path of a PEM file: the certificate itself first, then those that lead to the authority.
        public let certificate: String
        /// The path of a PEM file.
        public let key: String
        /// Whose they are, at the beginning of a sentence: "The server's".
        public let owner: String

        public init(certificate: String, key: String, owner: String) {
            self.certificate = certificate
            self.key = key
            self.owner = owner
        }
    }

    public let chain: [NIOSSLCertificate]
    public let key: NIOSSLPrivateKey
    /// Of the first certificate.
    public let facts: CertificateFacts

    /// Reads both files and checks that they fit each other and are valid now.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    public init(_ files: Files, now: Date) throws {
        chain = try PEMFile.certificates(files.certificate, "\(files.owner) certificate")
        key = try PEMFile.key(files.key, "\(files.owner) key")
        facts = CertificateFacts(chain[0])
        if let invalidity = facts.invalidity(at: now) {
            throw LivepatchError(
                .configurationInvalid, "\(files.owner) certificate '\(files.certificate)' \(invalidity).",
                suggestion: "Renew it, or check this machine's clock.")
        }
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
        } catch {
            throw LivepatchError(
                .configurationInvalid,
                "\(files.owner) key '\(files.key)' does not fit the first certificate of '\(files.certificate)'.",
                suggestion: "Name the key that the certificate was issued for; that certificate has to come first in its file.",
                cause: error)
        }
    }
}
