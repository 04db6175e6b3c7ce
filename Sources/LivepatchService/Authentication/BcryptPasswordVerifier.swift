public import LivepatchKit

/// Checks passwords against bcrypt hashes on threads that may block. How many at once is for a ``PasswordQueue`` to say.
public struct BcryptPasswordVerifier: PasswordVerifier {
    public init() {}

    public func verify(_ password: String, against hash: String) async -> Bool {
        let matches = try? await BlockingWork.run { BcryptHash.verify(password, against: hash) }
        return matches ?? false
    }
}
