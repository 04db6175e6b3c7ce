import FoundationEssentials
import LivepatchKit

/// A signed JSON Web Token in its compact form (RFC 7519; RFC 7515, section 7.1), read and not yet believed.
struct CompactToken: Sendable {
    /// The longest that is read, in bytes.
    static let limit = 16 << 10

    struct Header: Decodable, Sendable {
        let alg: String
        let kid: String?
        /// Names of extensions that have to be understood (RFC 7515, section 4.1.11); we understand none.
        let crit: [String]?
    }

    struct Claims: Decodable, Sendable {
        let iss: String?
        let aud: Audience?
        /// Seconds since 1970, with a fraction or without.
        let exp: Double?
        let nbf: Double?
        let email: String?
        let emailVerified: Truth?

        enum CodingKeys: String, CodingKey {
            case iss, aud, exp, nbf, email
            case emailVerified = "email_verified"
        }
    }

    /// One name or several (RFC 7519, section 4.1.3).
    struct Audience: Decodable, Sendable {
        let names: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                names = [name]
            } else {
                names = try container.decode([String].self)
            }
        }
    }

    /// A truth value, which some providers write as a text.
    struct Truth: Decodable, Sendable {
        let value: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self.value = value
            } else {
                value = try container.decode(String.self) == "true"
            }
        }
    }

    let header: Header
    let claims: Claims
    let signature: [UInt8]
    /// What the signature is of.
    let signed: [UInt8]

    /// `nil` for anything else.
    init?(_ text: String) {
        guard text.utf8.count <= Self.limit else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let header = try? JSONDecoder().decode(Header.self, from: Data(head)),
            header.crit == nil, let claims = try? JSONDecoder().decode(Claims.self, from: Data(body))
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }
}

/// Base 64 for URLs, without padding (RFC 7515, section 2).
enum Base64URL {
    /// `nil` for any character that has no place in it.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var plain = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): plain.append("+")
            case UInt8(ascii: "_"): plain.append("/")
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                plain.append(Character(UnicodeScalar(byte)))
            default: return nil
            }
        }
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain).map(Array.init)
    }
}
