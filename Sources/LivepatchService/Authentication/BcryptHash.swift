import CCrypt
import LivepatchKit

/// bcrypt, as the C library's crypt(3) has it: `$2y$`, `$2b$` and `$2a$`.
public enum BcryptHash {
    /// The work factor of new hashes: 2 to the power of it rounds.
    public static let cost: UInt = 12

    /// The longest password in bytes: bcrypt does not look at what comes after.
    public static let passwordLimit = 72

    /// The hash of a password, with a new salt from the system's source of randomness.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for a password that bcrypt cannot hash whole, and `internal-fault` if
    ///   the C library does not know bcrypt.
    public static func make(_ password: String, cost: UInt = Self.cost) throws -> String {
        guard !password.isEmpty, password.utf8.count <= passwordLimit, !password.utf8.contains(0) else {
            throw LivepatchError(
                .malformedValue, "A password has 1 to \(passwordLimit) bytes, none of them zero.")
        }
        var generator = SystemRandomNumberGenerator()
        let entropy = (0..<16).map { _ in CChar(bitPattern: UInt8.random(in: .min ... .max, using: &generator)) }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        guard
            crypt_gensalt_rn("$2b$", cost, entropy, CInt(entropy.count), &setting, CInt(setting.count)) != nil,
            let hash = crypt(password, setting: text(setting))
        else { throw LivepatchError(.internalFault, "The C library's crypt cannot make bcrypt hashes.") }
        return hash
    }

    /// Whether the password has the hash. Takes as long as the hash's cost says, and blocks; the comparison takes the same time
    /// wherever the texts differ.
    public static func verify(_ password: String, against hash: String) -> Bool {
        guard !password.utf8.contains(0), ["$2a$", "$2b$", "$2y$"].contains(where: hash.hasPrefix),
            let computed = crypt(password, setting: hash)
        else { return false }
        let left = Array(computed.utf8)
        let right = Array(hash.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// `nil` for a setting that crypt does not understand.
    private static func crypt(_ password: String, setting: String) -> String? {
        let state = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        state.initialize(to: crypt_data())
        defer {
            state.deinitialize(count: 1)
            state.deallocate()
        }
        guard let result = crypt_r(password, setting, state) else { return nil }
        let hash = String(cString: result)
        // crypt answers a setting that it cannot use with a text that begins with an asterisk.
        return hash.hasPrefix("*") ? nil : hash
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
