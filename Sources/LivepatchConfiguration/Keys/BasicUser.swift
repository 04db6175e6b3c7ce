import LivepatchKit

/// `user:hash`, as htpasswd writes it.
enum BasicUser {
    /// - Throws: ``SettingFault``, which never quotes the text: where a hash was expected may stand a password.
    @Sendable static func parse(_ text: String) throws -> Account {
        guard let colon = text.firstIndex(of: ":") else { throw SettingFault("is not USER:HASH: it has no colon") }
        let user = String(text[..<colon])
        guard user.wholeMatch(of: /[^\s\p{Cc}]{1,128}/) != nil else {
            throw SettingFault("is not USER:HASH: a user has 1 to 128 characters, none of them a space")
        }
        let hash = String(text[text.index(after: colon)...])
        guard isBcrypt(hash) else {
            throw SettingFault(
                "is not USER:HASH: what follows the colon is not a bcrypt hash ($2y$…); make one with 'htpasswd -nB USER'")
        }
        return Account(user: user, passwordHash: hash)
    }

    /// `$2y$`, a cost from 04 to 31, and 53 characters of salt and hash.
    static func isBcrypt(_ text: String) -> Bool {
        guard let match = text.wholeMatch(of: /\$2[aby]\$([0-9]{2})\$[A-Za-z0-9.\/]{53}/), let cost = Int(match.1) else {
            return false
        }
        return (4...31).contains(cost)
    }
}
