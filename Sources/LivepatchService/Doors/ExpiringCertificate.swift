public import FoundationEssentials
public import LivepatchKit

/// A certificate of this server's that somebody has to renew in time.
public struct ExpiringCertificate: Hashable, Sendable {
    /// The metric's label: `server`, `client-authority`, `sync-client`.
    public var name: String
    /// What it is, at the beginning of a sentence.
    public var words: String
    public var end: Date
    /// What to do, in a sentence.
    public var remedy: String

    public init(name: String, words: String, end: Date, remedy: String) {
        self.name = name
        self.words = words
        self.end = end
        self.remedy = remedy
    }

    /// How near its end is, in the steps of everything that expires.
    public func state(at time: Date) -> ExpiryState { ExpiryState(of: "certificate", expiring: end, at: time) }

    /// What is said about it; `nil` while its end is far.
    func warning(at time: Date) -> (state: ExpiryState, subject: String, message: String)? {
        let state = state(at: time)
        let phrase: String
        switch state {
        case .good: return nil
        case .withinMonth: phrase = "expires within 30 days, at"
        case .withinWeek: phrase = "expires within 7 days, at"
        case .withinDay: phrase = "expires within a day, at"
        case .expired: phrase = "expired at"
        }
        return (state, words, "\(words) \(phrase) \(Timestamp.text(end)). \(remedy)")
    }
}
