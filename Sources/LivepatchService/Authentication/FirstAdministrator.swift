public import LivepatchKit

/// Sees to it that somebody can administer a new server.
public struct FirstAdministrator: Sendable {
    /// The account that a new server makes.
    public static let user = "admin"

    private let store: any AccountStore

    public init(store: any AccountStore) { self.store = store }

    /// Whether nobody can administer the server as it is.
    /// - Parameters:
    ///   - configured: the accounts of the configuration.
    ///   - interactive: whether somebody would read a new account's password.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if an account is needed and nobody would read its password.
    public func isNeeded(configured: [Account], interactive: Bool) async throws -> Bool {
        guard configured.isEmpty, try await store.accounts().isEmpty else { return false }
        guard interactive else {
            throw LivepatchError(
                .configurationInvalid, "No administrator is configured, and with --no-input the server makes none.",
                suggestion: "Set auth.basic.users to USER:HASH, as `htpasswd -nB USER` prints it.")
        }
        return true
    }

    /// Makes the account.
    /// - Returns: its password, to be shown once.
    public func make() async throws -> String {
        // So random a password needs no costlier hash, and the server is to be ready soon.
        let password = Self.password()
        let hash = try await BlockingWork.run { try BcryptHash.make(password, cost: 10) }
        try await store.addAccount(Account(user: Self.user, passwordHash: hash))
        return password
    }

    /// Twenty-four characters that cannot be mistaken for each other, in groups of six: about 118 random bits.
    static func password() -> String {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            String((0..<6).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
        }.joined(separator: "-")
    }
}
