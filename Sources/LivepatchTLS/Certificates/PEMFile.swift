import FoundationEssentials
import LivepatchKit
public import NIOSSL

/// Files of certificates and keys in PEM (RFC 7468).
public enum PEMFile {
    /// The longest file that is read, in bytes: bundles of every authority in the world are smaller.
    static let limit = 4 << 20

    /// Reads a whole file.
    /// - Parameter what: what the file is, to stand before its path: "The server's key".
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    static func bytes(_ path: String, _ what: String) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw LivepatchError(
                .configurationInvalid, "\(what) '\(path)' cannot be read.", suggestion: "Name a readable file in PEM.",
                cause: error)
        }
        guard bytes.count <= limit else {
            throw LivepatchError(
                .configurationInvalid, "\(what) '\(path)' is longer than certificates and keys are.",
                suggestion: "Name a file in PEM.")
        }
        return bytes
    }

    /// Reads a file of one certificate or more.
    /// - Parameter what: what the file is, to stand before its path.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file.
    public static func certificates(_ path: String, _ what: String) throws -> [NIOSSLCertificate] {
        try certificates(in: bytes(path, what), source: "\(what) '\(path)'")
    }

    /// The certificates of a text in PEM.
    /// - Parameter source: where the text comes from, for the error.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`.
    public static func certificates(in bytes: [UInt8], source: String) throws -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw LivepatchError(
                .configurationInvalid, "\(source) holds no certificate in PEM.",
                suggestion: "It has to hold '-----BEGIN CERTIFICATE-----' blocks.", cause: error)
        }
    }

    /// Reads the file of one private key.
    /// - Parameter what: what the file is, to stand before its path.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming the file and never its content.
    static func key(_ path: String, _ what: String) throws -> NIOSSLPrivateKey {
        let bytes = try bytes(path, what)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
            throw LivepatchError(
                .configurationInvalid,
                isEncrypted
                    ? "\(what) '\(path)' is encrypted with a passphrase." : "\(what) '\(path)' holds no private key in PEM.",
                suggestion: isEncrypted
                    ? "Decrypt it (`openssl pkey -in FILE -out NEW`) and let only the program's user read it (mode 0600)."
                    : "It has to hold a '-----BEGIN PRIVATE KEY-----' block.")
        }
    }
}
