import FoundationEssentials
import JWTKit
import LivepatchKit

/// The public keys of an identity provider (RFC 7517, section 5). Keys that cannot be used here are passed over.
public struct KeySet: Sendable {
    /// The shortest RSA modulus that is believed, in bytes (RFC 7518, section 3.3).
    private static let shortestModulus = 256

    private struct Entry: Sendable {
        let key: JWK
        /// `nil` where the key does not say.
        let algorithm: SignatureAlgorithm?
    }

    /// What decides whether a key is one of ours, before it is read as a whole.
    private struct Outline: Decodable {
        let kty: String
        let use: String?
        let alg: String?
    }

    /// One element of the list, which may be anything.
    private struct Element: Decodable {
        let entry: Entry?

        init(from decoder: any Decoder) throws { entry = try? Self.read(decoder) }

        private static func read(_ decoder: any Decoder) throws -> Entry? {
            let outline = try Outline(from: decoder)
            guard outline.use == nil || outline.use == "sig" else { return nil }
            let algorithm = outline.alg.flatMap(SignatureAlgorithm.init(rawValue:))
            guard outline.alg == nil || algorithm?.keyType == outline.kty else { return nil }
            var key = try JWK(from: decoder)
            key.privateExponent = nil
            key.prime1 = nil
            key.prime2 = nil
            if outline.kty == "RSA" {
                let modulus = key.modulus.flatMap { Base64URL.decode($0) } ?? []
                guard modulus.drop(while: { $0 == 0 }).count >= shortestModulus else { return nil }
            }
            return Entry(key: key, algorithm: algorithm)
        }
    }

    private struct Document: Decodable {
        let keys: [Element]
    }

    private let entries: [Entry]

    /// - Throws: ``LivepatchError`` with the code `malformed-value` for what is no set of keys, or has none that can be used.
    public init(json: [UInt8]) throws {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch {
            throw LivepatchError(.malformedValue, "It is not a set of keys (RFC 7517).", cause: error)
        }
        entries = document.keys.compactMap(\.entry)
        guard !entries.isEmpty else {
            throw LivepatchError(.malformedValue, "The set of keys has none that signatures could be checked with.")
        }
    }

    public var count: Int { entries.count }

    /// Whether there is a key of that id; for no id, whether there is exactly one key.
    func contains(_ id: String?) -> Bool { !candidates(id).isEmpty }

    private func candidates(_ id: String?) -> [Entry] {
        guard let id else { return entries.count == 1 ? entries : [] }
        return entries.filter { $0.key.keyIdentifier?.string == id }
    }

    /// Whether the signature is one of the key of that id.
    /// - Returns: `nil` if there is no such key for that algorithm.
    func verifies(_ token: CompactToken, _ algorithm: SignatureAlgorithm) async -> Bool? {
        let fitting = candidates(token.header.kid).filter {
            $0.key.keyType.rawValue == algorithm.keyType && ($0.algorithm == nil || $0.algorithm == algorithm)
        }
        guard let entry = fitting.first else { return nil }
        // The algorithm is the one that was allowed, whatever else the key might be good for.
        var key = entry.key
        key.algorithm = JWK.Algorithm(rawValue: algorithm.rawValue)
        let id = JWKIdentifier(string: "key")
        key.keyIdentifier = id
        do {
            let collection = JWTKeyCollection()
            try await collection.add(jwk: key)
            let verifier = try await collection.getKey(for: id, alg: algorithm.rawValue)
            guard verifier.name == algorithm.rawValue else { return nil }
            return try verifier.verify(token.signature, signs: token.signed)
        } catch {
            // A signature or a key of the wrong form.
            return false
        }
    }
}
