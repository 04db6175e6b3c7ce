import FoundationEssentials
import Synchronization

/// Takes secrets out of what is about to be logged: those that it was told of, in every form in which they travel, and whatever looks
/// like a credential.
///
/// Secrets have no business in a log in the first place, and every place that logs sees to that; this is what remains when one does not.
public final class SecretRedactor: Sendable {
    /// What stands in a secret's place.
    public static let marker = "***REDACTED***"

    /// Shorter texts are no secrets worth the name, and taking each `a` out of a log would leave nothing to read. In UTF-8 bytes.
    public static let shortest = 4

    private let known = Mutex(KnownSecrets())

    /// - Parameter secrets: what must never be seen.
    public init(_ secrets: [String] = []) { learn(secrets) }

    /// Takes out these, too, from now on. Nothing is forgotten: a secret that was replaced may still be good somewhere.
    public func learn(_ secrets: [String]) {
        known.withLock { known in
            for secret in secrets where secret.utf8.count >= Self.shortest { known.add(secret) }
        }
    }

    /// The text without secrets.
    public func redacted(_ text: String) -> String { CredentialPatterns.redacted(known.withLock { $0.redacted(text) }) }
}
