/// Who asks, as far as that decides whose turn it is.
public enum CallerKind: Int, Hashable, Sendable, CaseIterable {
    /// Whoever has shown a session that is good.
    case administrators
    /// Whoever has shown a sync token that is good.
    case downstreams
    /// Whoever has shown a machine token that is good, and who asks as machines do.
    case machines
    /// Everybody else: those who log in, and whose credential has not been seen yet.
    case strangers

    /// How many turns it gets while others wait, compared with theirs.
    var weight: UInt64 {
        switch self {
        case .administrators: 8
        case .downstreams: 4
        case .machines: 2
        case .strangers: 1
        }
    }

    /// How many of the places are kept for it, so that nobody else can take them.
    func reserve(of places: Int) -> Int {
        switch self {
        case .administrators: max(1, places / 10)
        case .downstreams: max(1, places / 5)
        case .machines: max(1, places / 4)
        case .strangers: max(1, places / 20)
        }
    }

    /// How many of its requests may wait.
    func room(of burst: Int) -> Int {
        guard burst > 0 else { return 0 }
        return switch self {
        case .administrators, .strangers: max(1, burst / 8)
        case .downstreams: max(1, burst / 4)
        case .machines: max(1, burst - 2 * (burst / 8) - burst / 4)
        }
    }

    /// How many seconds whoever is refused is asked to wait, from and to: those who come by the thousand longer than the others.
    var retrySeconds: ClosedRange<Int> {
        switch self {
        case .administrators: 1...3
        case .downstreams: 2...10
        case .machines: 10...60
        case .strangers: 2...6
        }
    }
}

/// One of those who ask, among whom turns go round.
struct Visitor: Hashable, Sendable {
    let kind: CallerKind
    /// Stands for the credential, or for the address of whoever has shown none yet.
    let key: Int
}
