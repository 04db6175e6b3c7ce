public import LivepatchKit
import Synchronization

/// Webhooks' secrets in memory.
public final class InMemoryWebhookSecrets: WebhookSecretStore {
    private let secrets = Mutex<[String: WebhookSecret]>([:])

    public init() {}

    /// Where secrets are.
    public var references: Set<String> { secrets.withLock { Set($0.keys) } }

    public func secret(_ reference: String) async throws -> WebhookSecret? { secrets.withLock { $0[reference] } }

    public func keep(_ secret: WebhookSecret, as reference: String) async throws {
        secrets.withLock { $0[reference] = secret }
    }

    public func forget(except references: Set<String>) async throws {
        secrets.withLock { $0 = $0.filter { references.contains($0.key) } }
    }
}
