public import FoundationEssentials
public import LivepatchKit

/// Which tokens of an identity provider are accepted, and what their owners may do.
public struct TokenPolicy: Hashable, Sendable {
    public let issuer: String
    public let audience: String
    public let algorithms: Set<SignatureAlgorithm>
    /// The e-mail addresses of those who may come in, with what they may do. Compared without regard to the case of ASCII letters.
    public let roles: [String: AdministratorRole]
    /// How far the provider's clock may be away from ours, in seconds.
    public static let leeway: TimeInterval = 60

    public init(
        issuer: String, audience: String, algorithms: Set<SignatureAlgorithm>, roles: [String: AdministratorRole]
    ) {
        self.issuer = issuer
        self.audience = audience
        self.algorithms = algorithms
        self.roles = Dictionary(roles.map { (Self.folded($0.key), $0.value) }) { min($0, $1) }
    }

    /// What the token is worth, with these keys.
    func decide(_ token: CompactToken, with keys: KeySet, at now: Date) async -> IdentityDecision {
        guard let algorithm = SignatureAlgorithm(rawValue: token.header.alg), algorithms.contains(algorithm) else {
            return .refused(.algorithm, user: nil)
        }
        guard keys.contains(token.header.kid) else { return .refused(.unknownKey, user: nil) }
        switch await keys.verifies(token, algorithm) {
        case nil: return .refused(.algorithm, user: nil)
        case false?: return .refused(.signature, user: nil)
        default: break
        }
        let claims = token.claims
        let email = claims.email.flatMap { $0.isEmpty ? nil : $0 }
        func refused(_ reason: IdentityRefusal) -> IdentityDecision { .refused(reason, user: email) }
        guard claims.iss == issuer else { return refused(.issuer) }
        guard claims.aud?.names.contains(audience) == true else { return refused(.audience) }
        let time = now.timeIntervalSince1970
        guard let end = claims.exp, end.isFinite, time < end + Self.leeway else { return refused(.expired) }
        if let start = claims.nbf, !(start.isFinite && time >= start - Self.leeway) { return refused(.notYetValid) }
        guard let email else { return refused(.noEmail) }
        guard claims.emailVerified?.value == true else { return refused(.emailNotVerified) }
        guard let role = roles[Self.folded(email)] else { return refused(.emailNotAllowed) }
        return .accepted(user: Self.folded(email), role: role, expires: Date(timeIntervalSince1970: min(end, 253_402_300_799)))
    }

    private static func folded(_ email: String) -> String {
        String(decoding: email.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
