import Crypto
import CryptoExtras
import FoundationEssentials
import LivepatchKit
import SwiftASN1

/// The signature that the kernel's build system appends to a module (`scripts/sign-file`): a PKCS#7 message (RFC 5652) over all bytes
/// before it, then 12 bytes that describe it, then the words `~Module signature appended~` on a line.
///
/// The message has no content of its own and no signed attributes, as the kernel demands; so what is signed is the module itself.
public struct ModuleSignature: Sendable {
    static let magic = Array("~Module signature appended~\n".utf8)
    private static let trailer = 12
    /// `PKEY_ID_PKCS7`
    private static let kind: UInt8 = 2

    /// How much of the file is the module.
    let moduleLength: Int
    private let message: [UInt8]

    /// Finds the signature at a module's end.
    /// - Throws: ``LivepatchError`` with the code `patch-signature-invalid` if there is none, or it is damaged.
    public init(of module: [UInt8]) throws {
        do {
            guard module.suffix(Self.magic.count).elementsEqual(Self.magic) else { throw FormatFault("it has none") }
            let body = module.dropLast(Self.magic.count)
            guard body.count >= Self.trailer else { throw FormatFault("it is cut off") }
            let fields = Array(body.suffix(Self.trailer))
            guard fields[2] == Self.kind, fields[..<2].allSatisfy({ $0 == 0 }), fields[3..<8].allSatisfy({ $0 == 0 }) else {
                throw FormatFault("it is of a kind that is not PKCS#7")
            }
            let length = fields[8...].reduce(0) { $0 << 8 | Int($1) }
            guard length > 0, length <= body.count - Self.trailer else { throw FormatFault("it is cut off") }
            let end = body.count - Self.trailer
            message = Array(body[(end - length)..<end])
            moduleLength = end - length
        } catch {
            throw Self.refused((error as? FormatFault)?.reason ?? "\(error)")
        }
    }

    /// Whether a certificate's key signed the module.
    /// - Throws: ``LivepatchError`` with the code `patch-signature-invalid`, saying what is wrong.
    public static func verify(_ module: [UInt8], by certificate: SigningCertificate) throws {
        let signature = try ModuleSignature(of: module)
        do {
            try signature.verify(module[..<signature.moduleLength], by: certificate)
        } catch let fault as FormatFault {
            throw refused(fault.reason)
        } catch let error as ASN1Error {
            throw refused("it is malformed (\(error))")
        }
    }

    private static func refused(_ reason: String) -> LivepatchError {
        LivepatchError(
            .patchSignatureInvalid, "The signature of the kernel module is not accepted: \(reason).",
            suggestion:
                "Modules have to be signed by the certificate that was given when this machine was attached (--module-certificate)."
        )
    }

    // MARK: The message

    private func verify(_ content: ArraySlice<UInt8>, by certificate: SigningCertificate) throws {
        var outer = try ASN1Node.der(message, "it").members("the message")
        guard try ASN1ObjectIdentifier(derEncoded: outer.next(.objectIdentifier)) == [1, 2, 840, 113549, 1, 7, 2],
            let wrapped = outer.next(tagged: 0)
        else { throw FormatFault("it is not a signed message") }
        var wrapper = try wrapped.members("the message")
        var signed = try wrapper.next(.sequence).members("the signed message")
        _ = try signed.next(.integer)
        _ = try signed.next(.set)
        var encapsulated = try signed.next(.sequence).members("its content")
        guard try ASN1ObjectIdentifier(derEncoded: encapsulated.next(.objectIdentifier)) == [1, 2, 840, 113549, 1, 7, 1],
            encapsulated.remaining.isEmpty
        else { throw FormatFault("it has content of its own, and not the module's") }
        _ = signed.next(tagged: 0)
        _ = signed.next(tagged: 1)
        let signers = try signed.next(.set).members("its signers").remaining
        guard !signers.isEmpty else { throw FormatFault("nobody signed it") }
        var strangers = 0
        for signer in signers {
            if try !isValid(signer, content, certificate) { strangers += 1 }
        }
        guard strangers < signers.count else { throw FormatFault("it is by another key than the certificate's") }
    }

    /// - Returns: `false` for a signer that is not the certificate.
    private func isValid(_ signer: ASN1Node, _ content: ArraySlice<UInt8>, _ certificate: SigningCertificate) throws -> Bool {
        var members = try signer.members("a signer")
        _ = try members.next(.integer)
        if let identifier = members.next(tagged: 0) {
            guard try Array(identifier.bytes("a signer's key identifier")) == certificate.keyIdentifier else { return false }
        } else {
            var name = try members.next(.sequence).members("a signer's name")
            let issuer = Array(try name.next(.sequence).encodedBytes)
            let serial = Array(try name.next(.integer).bytes("a certificate's number"))
            guard issuer == certificate.issuer, serial == certificate.serial else { return false }
        }
        let digest = try members.nextAlgorithm()
        guard members.next(tagged: 0) == nil else { throw FormatFault("it has signed attributes, which kernels refuse") }
        let algorithm = try members.nextAlgorithm()
        let value = _RSA.Signing.RSASignature(rawRepresentation: Data(try members.next(.octetString).bytes("the signature")))
        let key = try certificate.key()
        let isValid: Bool
        switch digest {
        // SHA-256, -384 and -512, with either name of RSA with PKCS#1 v1.5.
        case [2, 16, 840, 1, 101, 3, 4, 2, 1] where Self.isRSA(algorithm, [1, 2, 840, 113549, 1, 1, 11]):
            isValid = key.isValidSignature(value, for: Self.hash(content, SHA256.self), padding: .insecurePKCS1v1_5)
        case [2, 16, 840, 1, 101, 3, 4, 2, 2] where Self.isRSA(algorithm, [1, 2, 840, 113549, 1, 1, 12]):
            isValid = key.isValidSignature(value, for: Self.hash(content, SHA384.self), padding: .insecurePKCS1v1_5)
        case [2, 16, 840, 1, 101, 3, 4, 2, 3] where Self.isRSA(algorithm, [1, 2, 840, 113549, 1, 1, 13]):
            isValid = key.isValidSignature(value, for: Self.hash(content, SHA512.self), padding: .insecurePKCS1v1_5)
        default:
            throw FormatFault("it is made with the algorithms \(digest) and \(algorithm), not RSA with SHA-256, -384 or -512")
        }
        guard isValid else { throw FormatFault("it does not fit the module: that was changed after it was signed") }
        return true
    }

    private static func isRSA(_ algorithm: ASN1ObjectIdentifier, _ combined: ASN1ObjectIdentifier) -> Bool {
        algorithm == [1, 2, 840, 113549, 1, 1, 1] || algorithm == combined
    }

    private static func hash<Function: HashFunction>(_ bytes: ArraySlice<UInt8>, _ function: Function.Type) -> Function.Digest {
        var hasher = Function()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return hasher.finalize()
    }
}
