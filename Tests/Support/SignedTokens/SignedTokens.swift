import Crypto
import CryptoExtras
import Foundation

/// A key of an identity provider, and the tokens that it signs.
public struct TokenKey: Sendable {
    private enum Secret: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case elliptic(P256.Signing.PrivateKey)
    }

    public let id: String?
    private let secret: Secret

    /// - Parameter bits: of the modulus.
    public static func rsa(_ id: String?, bits: Int = 2048) throws -> TokenKey {
        TokenKey(id: id, secret: .rsa(try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits))))
    }

    public static func elliptic(_ id: String?) -> TokenKey { TokenKey(id: id, secret: .elliptic(P256.Signing.PrivateKey())) }

    /// `RS256` or `ES256`.
    public var algorithm: String {
        switch secret {
        case .rsa: "RS256"
        case .elliptic: "ES256"
        }
    }

    /// The public key as a JSON Web Key (RFC 7517).
    public func jwk(_ more: [String: String] = [:]) throws -> [String: String] {
        var key: [String: String]
        switch secret {
        case .rsa(let secret):
            let primitives = try secret.publicKey.getKeyPrimitives()
            key = ["kty": "RSA", "n": Self.text(primitives.modulus), "e": Self.text(primitives.publicExponent)]
        case .elliptic(let secret):
            let point = secret.publicKey.rawRepresentation
            key = ["kty": "EC", "crv": "P-256", "x": Self.text(point.prefix(32)), "y": Self.text(point.suffix(32))]
        }
        key["kid"] = id
        return key.merging(more) { $1 }
    }

    /// The public key in PEM: what somebody who confuses algorithms would take for a shared secret.
    public var pem: String {
        switch secret {
        case .rsa(let secret): secret.publicKey.pemRepresentation
        case .elliptic(let secret): secret.publicKey.pemRepresentation
        }
    }

    /// - Parameter header: fields that replace those that belong there; an empty text removes one.
    public func token(_ claims: [String: any Sendable], header: [String: String] = [:]) throws -> String {
        let signed = try Self.unsigned(claims, header: ["alg": algorithm, "kid": id ?? ""].merging(header) { $1 })
        return "\(signed).\(Self.text(try signature(of: signed)))"
    }

    private func signature(of text: String) throws -> Data {
        switch secret {
        case .rsa(let secret):
            try secret.signature(for: SHA256.hash(data: Data(text.utf8)), padding: .insecurePKCS1v1_5).rawRepresentation
        case .elliptic(let secret): try secret.signature(for: SHA256.hash(data: Data(text.utf8))).rawRepresentation
        }
    }

    /// A token signed with a shared secret (`HS256`).
    public static func token(
        _ claims: [String: any Sendable], secret: String, header: [String: String] = [:]
    ) throws -> String {
        let signed = try unsigned(claims, header: ["alg": "HS256"].merging(header) { $1 })
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(signed).\(text(Data(code)))"
    }

    /// Header and claims, without a signature.
    public static func unsigned(_ claims: [String: any Sendable], header: [String: String]) throws -> String {
        let header = header.filter { !$0.value.isEmpty }
        return try [header, claims].map { try text(JSONSerialization.data(withJSONObject: $0)) }.joined(separator: ".")
    }

    /// A set of keys.
    public static func set(_ keys: [[String: String]]) throws -> [UInt8] {
        Array(try JSONSerialization.data(withJSONObject: ["keys": keys]))
    }

    /// Base 64 for URLs.
    public static func text(_ data: some Sequence<UInt8>) -> String {
        Data(data).base64EncodedString().filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
    }
}
