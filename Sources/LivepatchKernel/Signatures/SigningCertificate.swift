import CryptoExtras
import FoundationEssentials
import LivepatchKit
import SwiftASN1

/// The certificate of whoever signs modules: its key, and how signatures name it (RFC 5280, section 4.1).
///
/// Its validity is not looked at, as the kernel does not: what was signed in time stays signed.
public struct SigningCertificate: Sendable {
    /// The issuer's name and the certificate's number, as they are encoded.
    let issuer: [UInt8]
    let serial: [UInt8]
    /// The subject key identifier; `nil` if it has none.
    let keyIdentifier: [UInt8]?
    /// SubjectPublicKeyInfo.
    let publicKey: [UInt8]

    /// Reads a certificate in PEM (RFC 7468), or in DER as the kernel's build system leaves it (`signing_key.x509`).
    /// - Parameter source: what to call it in an error: `'/etc/livepatch/module.pem'`.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`.
    public init(_ bytes: [UInt8], source: String) throws {
        do {
            try self.init(der: try Self.der(bytes))
        } catch {
            let reason = (error as? FormatFault)?.reason ?? "it cannot be read"
            throw LivepatchError(
                .configurationInvalid, "\(source) is not the certificate of an RSA key: \(reason).",
                suggestion: "Name a file with one X.509 certificate in PEM or DER, the one that the modules are signed with.",
                cause: error)
        }
    }

    private static func der(_ bytes: [UInt8]) throws -> [UInt8] {
        guard bytes.first != 0x30 else { return bytes }
        let document: PEMDocument
        do { document = try PEMDocument(pemString: String(decoding: bytes, as: UTF8.self)) } catch {
            throw FormatFault("it is neither PEM nor DER")
        }
        guard document.discriminator == "CERTIFICATE" else { throw FormatFault("it is a '\(document.discriminator)'") }
        return document.derBytes
    }

    private init(der bytes: [UInt8]) throws {
        var certificate = try ASN1Node.der(bytes, "it").members("the certificate")
        var body = try certificate.next(.sequence).members("the certificate's body")
        _ = body.next(tagged: 0)
        serial = Array(try body.next(.integer).bytes("its number"))
        _ = try body.next(.sequence)
        issuer = Array(try body.next(.sequence).encodedBytes)
        _ = try body.next(.sequence)
        _ = try body.next(.sequence)
        publicKey = Array(try body.next(.sequence).encodedBytes)
        keyIdentifier = try Self.keyIdentifier(body.remaining)
        _ = try key()
    }

    /// The key; modules are signed with RSA.
    func key() throws -> _RSA.Signing.PublicKey {
        do { return try _RSA.Signing.PublicKey(derRepresentation: publicKey) } catch {
            throw FormatFault("its key is not an RSA key of 2048 bits or more")
        }
    }

    /// Extension 2.5.29.14 (RFC 5280, section 4.2.1.2).
    private static func keyIdentifier(_ parts: [ASN1Node]) throws -> [UInt8]? {
        guard let tagged = parts.first(where: { $0.hasTag(3) }) else { return nil }
        var wrapper = try tagged.members("its extensions")
        for node in try wrapper.next(.sequence).members("its extensions").remaining {
            var members = try node.members("an extension")
            guard try ASN1ObjectIdentifier(derEncoded: members.next(.objectIdentifier)) == [2, 5, 29, 14] else { continue }
            guard let value = members.remaining.last else { return nil }
            return Array(try ASN1Node.der(Array(value.bytes("an extension")), "its key identifier").bytes("its key identifier"))
        }
        return nil
    }
}
