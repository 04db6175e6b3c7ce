import LivepatchKit
import FoundationEssentials
import NIOSSL

/// Certificate authorities that are trusted besides the system's.
public struct TrustedAuthorities: Sendable {
    let certificates: [NIOSSLCertificate]

    /// Only the system's.
    public static let system = TrustedAuthorities(certificates: [])

    private init(certificates: [NIOSSLCertificate]) { self.certificates = certificates }

    /// Reads certificates in PEM (RFC 7468): a file's path, or the text itself, which begins with `-----BEGIN`.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    public init(_ fileOrText: String) throws {
        if fileOrText.drop(while: \.isWhitespace).hasPrefix("-----BEGIN") {
            try self.init(pem: Array(fileOrText.utf8), source: "The text given as certificate authority")
        } else {
            try self.init(file: fileOrText)
        }
    }

    /// Reads a file of certificates in PEM.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    public init(file path: String) throws {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw LivepatchError(
                .configurationInvalid, "The certificate authority's file '\(path)' cannot be read.",
                suggestion: "Name a readable file of certificates in PEM.", cause: error)
        }
        try self.init(pem: bytes, source: "'\(path)'")
    }

    private init(pem: [UInt8], source: String) throws {
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(pem)
        } catch {
            throw LivepatchError(
                .configurationInvalid, "\(source) holds no certificate in PEM.",
                suggestion: "It has to hold '-----BEGIN CERTIFICATE-----' blocks.", cause: error)
        }
    }
}
