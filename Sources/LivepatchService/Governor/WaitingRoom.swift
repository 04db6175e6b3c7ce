/// The requests that wait for something to happen, such as a change, and keep no place for that time. It does nothing itself.
struct WaitingRoom: Sendable {
    private let seats: Int
    private let share: Int
    private var taken: [Visitor: Int] = [:]
    /// How many of each kind wait.
    private(set) var waiting: [CallerKind: Int] = [:]

    /// - Parameter seats: how many requests may wait so at a time, those of one visitor at most half of them.
    init(seats: Int) {
        self.seats = seats
        share = max(1, seats / 2)
    }

    /// A request wants to wait.
    /// - Returns: whether it may.
    mutating func enter(_ visitor: Visitor) -> Bool {
        guard waiting.values.reduce(0, +) < seats, taken[visitor, default: 0] < share else { return false }
        taken[visitor, default: 0] += 1
        waiting[visitor.kind, default: 0] += 1
        return true
    }

    /// A request waits no longer.
    mutating func leave(_ visitor: Visitor) {
        let left = taken[visitor, default: 1] - 1
        taken[visitor] = left > 0 ? left : nil
        waiting[visitor.kind, default: 1] -= 1
    }
}
