import Crypto
import FoundationEssentials

/// What a webhook's messages are signed with, as Standard Webhooks 1.0.0 has it: 24 to 64 random bytes, written as `whsec_` and base64.
public struct WebhookSecret: Hashable, Sendable {
    /// What every secret begins with.
    public static let prefix = "whsec_"

    private let bytes: [UInt8]

    /// Reads `whsec_…`; the prefix may be missing.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`, which does not repeat the text.
    public init(parsing text: String) throws {
        let encoded = text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text
        guard let data = Data(base64Encoded: encoded), (24...64).contains(data.count) else {
            throw LivepatchError(
                .malformedValue, "What was given is not a webhook's secret.",
                suggestion: "A secret is 'whsec_' and 24 to 64 random bytes in base64; without one the server makes it.")
        }
        bytes = Array(data)
    }

    /// A new secret of 32 bytes.
    public init(using generator: inout some RandomNumberGenerator) {
        bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// As it is shown once, and kept.
    public var text: String { Self.prefix + Data(bytes).base64EncodedString() }

    /// A message's signature (`webhook-signature`): HMAC-SHA-256 of id, time and body.
    /// - Parameters:
    ///   - id: the message's (`webhook-id`), without a full stop.
    ///   - timestamp: the seconds since 1970 of the attempt (`webhook-timestamp`).
    public func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(id).\(timestamp).".utf8) + body, using: SymmetricKey(data: bytes))
        return "v1,\(Data(code).base64EncodedString())"
    }
}

/// Where webhooks' secrets are kept, apart from the database, so that a copy of that signs nothing.
public protocol WebhookSecretStore: Sendable {
    /// - Returns: `nil` if there is none under that reference.
    func secret(_ reference: String) async throws -> WebhookSecret?
    /// Keeps a secret durably.
    func keep(_ secret: WebhookSecret, as reference: String) async throws
    /// Forgets all secrets but those.
    func forget(except references: Set<String>) async throws
}
