public import FoundationEssentials
import TUF

/// How near the end of something signed is.
public enum ExpiryState: String, Sendable, Codable, CaseIterable {
    case good
    case withinMonth = "within-30-days"
    case withinWeek = "within-7-days"
    case withinDay = "within-1-day"
    case expired

    /// The state of a role's document.
    ///
    /// A snapshot lives for a week and is renewed at half of that, so that it is near its end when less than a day is left. A timestamp
    /// lives for as short a time as its server likes (`server.metadata-lifetime`), and does not say how long: it is good until its end.
    public init(of role: String, expiring end: Date, at time: Date) {
        let left = end.timeIntervalSince(time)
        let bounds: [(limit: TimeInterval, state: ExpiryState)] =
            switch role {
            case RoleName.timestamp: []
            case RoleName.snapshot: [(86_400, .withinDay)]
            default: [(86_400, .withinDay), (7 * 86_400, .withinWeek), (30 * 86_400, .withinMonth)]
            }
        self = left <= 0 ? .expired : bounds.first { left < $0.limit }?.state ?? .good
    }
}

extension ExpiryState: Comparable {
    /// The nearer to its end, the greater.
    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .good: 0
        case .withinMonth: 1
        case .withinWeek: 2
        case .withinDay: 3
        case .expired: 4
        }
    }
}
