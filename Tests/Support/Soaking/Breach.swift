import Synchronization

/// Something that a server promised, and that did not hold.
public struct Breach: Hashable, Sendable, CustomStringConvertible {
    /// Which promise.
    public enum Promise: String, Sendable, CaseIterable {
        case verified = "nothing unverified is served"
        case acknowledged = "no acknowledged change is lost"
        case nested = "tiers are nested"
        case blocked = "blocks are honoured"
        case converging = "without faults everybody comes to the same view"
        case alive = "a server ends only when it is told to, or killed"
    }

    public let promise: Promise
    /// What was seen, and where.
    public let what: String

    public var description: String { "\(promise.rawValue): \(what)" }
}

/// What was seen so far.
final class Findings: Sendable {
    private let state = Mutex((breaches: [Breach](), counts: [String: Int]()))

    /// The same breach, seen often, is one.
    func report(_ promise: Breach.Promise, _ what: String) {
        state.withLock { state in
            let breach = Breach(promise: promise, what: what)
            if !state.breaches.contains(breach) { state.breaches.append(breach) }
        }
    }

    func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

    var breaches: [Breach] { state.withLock { $0.breaches } }
    var counts: [String: Int] { state.withLock { $0.counts } }
}
