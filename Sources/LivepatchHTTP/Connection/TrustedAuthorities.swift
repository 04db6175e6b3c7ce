import LivepatchKit
import LivepatchTLS
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
            self.init(
                certificates: try PEMFile.certificates(
                    in: Array(fileOrText.utf8), source: "The text given as certificate authority"))
        } else {
            try self.init(file: fileOrText)
        }
    }

    /// Reads a file of certificates in PEM.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    public init(file path: String) throws {
        self.init(certificates: try PEMFile.certificates(path, "The certificate authority's file"))
    }
}
