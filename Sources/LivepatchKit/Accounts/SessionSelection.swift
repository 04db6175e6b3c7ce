/// Which logins somebody means.
public enum SessionSelection: Hashable, Sendable {
    /// All of whoever asks.
    case own
    /// All of a user.
    case user(String)
    /// Everybody's.
    case everybody
    /// Those whose ids begin so.
    case ids([String])

    /// The role that it takes to see or end them. Of ids, everybody may name their own.
    public func role(for administrator: KnownAdministrator) -> AdministratorRole {
        switch self {
        case .own, .ids: .read
        case .user(let user): user == administrator.user ? .read : .admin
        case .everybody: .admin
        }
    }
}

extension AdminSession {
    /// The length of the shortest beginning of an id that is understood.
    static let shortestID = 4

    /// What it is called: the first digits of its hash, by which nobody can act for the user.
    public var id: String { String(hash.description.prefix(12)) }
}

extension AccountAuthority {
    /// The logins that are good now, in order of user and beginning.
    /// - Throws: ``LivepatchError`` with the code `role-insufficient`; for ids `malformed-value` if one is too short or the beginning of
    ///   several, `not-found` if there is no such login, or none that whoever asks may see.
    public func sessions(_ selection: SessionSelection, for administrator: KnownAdministrator) async throws -> [AdminSession] {
        try administrator.require(selection.role(for: administrator))
        let all = try await liveSessions()
        switch selection {
        case .own: return all.filter { $0.user == administrator.user }
        case .user(let user): return all.filter { $0.user == user }
        case .everybody: return all
        case .ids(let ids):
            let visible = administrator.role.includes(.admin) ? all : all.filter { $0.user == administrator.user }
            let named = try ids.map { try Self.session(named: $0, among: visible) }
            return all.filter(Set(named).contains)
        }
    }

    /// Ends logins.
    /// - Returns: those that were ended.
    /// - Throws: as ``sessions(_:for:)``.
    public func endSessions(_ selection: SessionSelection, by administrator: KnownAdministrator) async throws -> [AdminSession] {
        let ended = try await sessions(selection, for: administrator)
        try await removeSessions(ended)
        return ended
    }

    private static func session(named id: String, among sessions: [AdminSession]) throws -> AdminSession {
        let isLongEnough = id.count >= AdminSession.shortestID
        let found = isLongEnough ? sessions.filter { $0.hash.description.hasPrefix(id.lowercased()) } : []
        guard found.count <= 1, isLongEnough else {
            throw LivepatchError(
                .malformedValue, "'\(id)' does not say which session is meant.",
                suggestion: "Give more of its id, as `livepatch-admin sessions list` shows it.")
        }
        guard let session = found.first else {
            throw LivepatchError(
                .notFound, "There is no session '\(id)' that you could end.", suggestion: "See `livepatch-admin sessions list`.")
        }
        return session
    }
}
