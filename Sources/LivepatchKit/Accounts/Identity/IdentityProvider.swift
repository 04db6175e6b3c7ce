public import FoundationEssentials

/// Recognizes administrators whom somebody outside vouches for, by bearer tokens that are no sessions of ours.
public protocol IdentityProvider: Sendable {
    func identify(_ bearer: String) async -> IdentityDecision
    /// Brings what tokens are checked against up to date. What fails is told by ``fault()``, and leaves what there was.
    func refresh() async
    /// What is wrong at present, in words; `nil` if nothing is.
    func fault() async -> String?
}

/// What was found out about a bearer token.
public enum IdentityDecision: Hashable, Sendable {
    /// It is good until that time, and its owner may come in with that role.
    case accepted(user: String, role: AdministratorRole, expires: Date)
    /// - Parameter user: whom the token is about, once its signature has been found good.
    case refused(IdentityRefusal, user: String?)
}

/// Why a bearer token was refused: for the operator's log, never for the answer.
public enum IdentityRefusal: String, Hashable, Sendable, CaseIterable {
    /// It is not a JSON Web Token that is signed.
    case malformed
    /// It is signed in a way that is not allowed, or that its key is not for.
    case algorithm
    /// No key of that id is known.
    case unknownKey = "unknown_key"
    case signature
    case issuer
    case audience
    case expired
    case notYetValid = "not_yet_valid"
    case noEmail = "no_email"
    case emailNotVerified = "email_not_verified"
    case emailNotAllowed = "email_not_allowed"
}
