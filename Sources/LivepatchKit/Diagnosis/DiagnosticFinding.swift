public import FoundationEssentials

/// Something that a diagnosis found out: that a thing is well, or what is wrong with it and what to do.
public struct DiagnosticFinding: Hashable, Sendable, Codable {
    /// How a thing is, from good to bad.
    public enum State: String, Sendable, Codable, CaseIterable {
        case ok
        /// It works, and somebody should see to it.
        case warning
        /// It does not work, or soon will not.
        case failure
    }

    public let check: DiagnosticCheckName
    public let state: State
    /// One sentence.
    public let message: String
    /// What to do about it; `nil` where there is nothing.
    public let advice: String?

    public init(_ check: DiagnosticCheckName, _ state: State, _ message: String, advice: String? = nil) {
        self.check = check
        self.state = state
        self.message = message
        self.advice = advice
    }

    /// What failed as an error.
    public init(_ check: DiagnosticCheckName, failed error: any Error) {
        let error = error as? LivepatchError
        self.init(check, .failure, error?.message ?? "It could not be found out.", advice: error?.suggestion)
    }
}

extension DiagnosticFinding.State: Comparable {
    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .ok: 0
        case .warning: 1
        case .failure: 2
        }
    }
}

/// The parts of a diagnosis, in the order in which they are told.
public enum DiagnosticCheckName: String, Sendable, Codable, CaseIterable {
    case connection
    case clearText = "clear-text"
    case certificate
    case clock
    case tokens
    case trust
    case disk
    case database
    case storage
    case sync
    case upstream
    case downstreams
    case webhooks
}

/// One part of a diagnosis: a value that holds what was found out, and judges it. Asks nobody.
public protocol DiagnosticCheck: Sendable {
    /// What there is to tell; never empty.
    func findings(at now: Date) -> [DiagnosticFinding]
}
