import LivepatchAPI
import LivepatchKit

/// A token that was issued, with the secret that is told once.
protocol IssuedSecret: Encodable {
    associatedtype Token: Encodable
    /// The token without its secret.
    var token: Token { get }
    var tokenName: String { get }
    var secret: String { get }
    /// What was done, as in "The token 'a' was issued".
    var issuance: String { get }
    /// What to do where the secret was lost, as in "rotate the token".
    var remedy: String { get }
    /// What whoever uses the token should trust.
    var roots: [TrustedRoot] { get }
    /// How it is told to trust them and no others.
    var trustLines: [String] { get }
}

extension IssuedSecret {
    var issuance: String { "The token '\(tokenName)' was issued" }
}

extension IssuedSyncTokenBody: IssuedSecret {
    var token: SyncTokenBody { syncToken }
    var tokenName: String { syncToken.name }
    var remedy: String { "rotate or revoke the token" }
    var roots: [TrustedRoot] { trustedRoots ?? [] }
    var trustLines: [String] {
        [
            "With this setting the downstream trusts them and no others (without it, what it sees first):",
            "  patch-sync.trusted-roots=\(roots.map(\.fingerprint.description).joined(separator: ","))",
        ]
    }
}

extension IssuedAuthTokenBody: IssuedSecret {
    var token: AuthTokenBody { authToken }
    var tokenName: String { authToken.id }
    var remedy: String { "revoke the token" }
    var roots: [TrustedRoot] { trustedRoots }
    var trustLines: [String] {
        [
            "With these options of `livepatch-agent enable` a machine trusts them and no others (without them, what it sees first):",
            "  " + roots.map { "--trusted-root \($0.fingerprint)" }.joined(separator: " "),
        ]
    }
}
