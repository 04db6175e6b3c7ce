import TUF

/// Something of what is signed or trusted that has expired, or will soon.
public struct TrustWarning: Hashable, Sendable {
    public let state: ExpiryState
    /// What it is about, the same from one look to the next.
    public let subject: String
    /// What it is, when, and what to do.
    public let message: String
}

extension TrustStatus {
    /// What has expired or will soon, the most urgent first.
    public var warnings: [TrustWarning] {
        let signed = repositories.flatMap { repository in
            repository.roles.filter { $0.state > .good }.map { warning($0, of: repository) }
        }
        return (signed + pins.compactMap(warning)).sorted { $0.state > $1.state }
    }

    /// Whether anything has expired.
    public var hasExpired: Bool { warnings.contains { $0.state == .expired } }

    private func warning(_ role: Role, of repository: Repository) -> TrustWarning {
        let view = role.view.map { " of the view '\($0)'" } ?? ""
        let subject = "'\(role.name)'\(view) in \(repository.kind.words) of \(repository.signer)"
        let remedy =
            switch (repository.isSignedHere, role.name == RoleName.root) {
            case (true, true):
                "This server renews it by itself if the data directory's keys suffice. If its keys are kept elsewhere, \(repository.kind.ceremony)."
            case (true, false):
                "This server renews it by itself if the keys are in the data directory's keys; one that is kept offline has to sign."
            case (false, _):
                "It is renewed by \(repository.signer), and comes with the next sync: see whether the servers up to it run and sync."
            }
        return TrustWarning(
            state: role.state, subject: subject,
            message: "\(subject) \(words(role.state, Timestamp.text(role.expires))). \(remedy)")
    }

    private func warning(_ pin: Pin) -> TrustWarning? {
        guard let state = pin.state, state > .good, let expires = pin.expires else { return nil }
        // What is relayed has been told above.
        guard !repositories.contains(where: { $0.kind == pin.kind && $0.signer == pin.signer }) else { return nil }
        let view = pin.view.map { " (view '\($0)')" } ?? ""
        let subject = "What is trusted of \(pin.kind.words) of \(pin.signer)\(view)"
        return TrustWarning(
            state: state, subject: subject,
            message:
                "\(subject) \(words(state, Timestamp.text(expires))). See whether the upstream can be reached and syncs.")
    }

    private func words(_ state: ExpiryState, _ date: String) -> String {
        switch state {
        case .expired: "expired at \(date)"
        case .withinDay: "expires within a day, at \(date)"
        case .withinWeek: "expires within 7 days, at \(date)"
        case .withinMonth, .good: "expires within 30 days, at \(date)"
        }
    }
}

extension TrustedRoot.Kind {
    fileprivate var words: String {
        switch self {
        case .origin: "the origin repository"
        case .tiers: "the tier repository"
        }
    }
}
