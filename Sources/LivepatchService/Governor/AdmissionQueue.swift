import NIOCore

/// Decides who is served, who waits and who is refused: requests come and go, and decisions come out. It knows no time and does nothing.
///
/// Of the places there are, each ``CallerKind`` has some that nobody else can take. Whoever finds no place waits with those of the same
/// kind, in a line of bounded length. A place that becomes free goes to the kinds that wait in proportion to their weights (stride
/// scheduling), and within a kind to one visitor after the other, however many requests each has. No visitor has more than half of all
/// places, and who has many requests in a line that is full makes room for who has few.
struct AdmissionQueue: Sendable {
    /// Stands for a request that waits.
    typealias Ticket = UInt64

    /// What becomes of a request that comes.
    enum Arrival: Hashable, Sendable {
        case admitted
        /// It waits; the other one, if there is one, is refused in its place.
        case waits(Ticket, displacing: Ticket?)
        case refused
    }

    /// Those of one kind.
    private struct Line {
        let reserve: Int
        let room: Int
        var served = 0
        var waiting = 0
        /// The requests of each visitor that waits, in order.
        var tickets: [Int: CircularBuffer<Ticket>] = [:]
        /// The visitors that wait, the next one first.
        var turns = CircularBuffer<Int>()
        /// What it has had of its share, the larger the less weight it has.
        var pass: UInt64 = 0
    }

    private let places: Int
    private let share: Int
    private var free: Int
    private var lines: [Line]
    private var visitors: [Ticket: Visitor] = [:]
    private var served: [Visitor: Int] = [:]
    private var lastTicket: Ticket = 0

    /// - Parameters:
    ///   - places: how many requests are served at a time; 4 or more, so that each kind has a place.
    ///   - burst: how many more may wait in all.
    init(places: Int, burst: Int) {
        self.places = max(places, CallerKind.allCases.count)
        share = max(1, self.places / 2)
        free = self.places
        lines = CallerKind.allCases.map { Line(reserve: $0.reserve(of: max(places, 4)), room: $0.room(of: burst)) }
    }

    /// How many of a kind are served.
    func served(_ kind: CallerKind) -> Int { lines[kind.rawValue].served }
    /// How many of a kind wait.
    func waiting(_ kind: CallerKind) -> Int { lines[kind.rawValue].waiting }

    /// A request comes.
    mutating func arrive(_ visitor: Visitor) -> Arrival {
        if admitAtOnce(visitor) { return .admitted }
        let index = visitor.kind.rawValue
        guard lines[index].room > 0 else { return .refused }
        var displaced: Ticket?
        if lines[index].waiting >= lines[index].room {
            guard let ticket = ticketToDisplace(for: visitor) else { return .refused }
            withdraw(ticket)
            displaced = ticket
        }
        return .waits(enqueue(visitor), displacing: displaced)
    }

    /// A request comes that will not wait.
    /// - Returns: whether it is served; otherwise it is as if it had not come.
    mutating func admitAtOnce(_ visitor: Visitor) -> Bool {
        // Whoever waits cannot be served yet, or would not wait: so nobody is overtaken who could have had this place.
        guard mayServe(visitor.kind), served[visitor, default: 0] < share else { return false }
        serve(visitor)
        return true
    }

    /// A request that was served is done.
    /// - Returns: those that are served now.
    mutating func leave(_ visitor: Visitor) -> [Ticket] {
        free += 1
        lines[visitor.kind.rawValue].served -= 1
        let left = served[visitor, default: 1] - 1
        served[visitor] = left > 0 ? left : nil
        var started: [Ticket] = []
        while let ticket = startNext() { started.append(ticket) }
        return started
    }

    /// A request waits no longer.
    /// - Returns: whether it did wait.
    @discardableResult
    mutating func withdraw(_ ticket: Ticket) -> Bool {
        guard let visitor = visitors.removeValue(forKey: ticket) else { return false }
        let index = visitor.kind.rawValue
        lines[index].waiting -= 1
        lines[index].tickets[visitor.key]?.removeAll { $0 == ticket }
        if lines[index].tickets[visitor.key]?.isEmpty == true {
            lines[index].tickets[visitor.key] = nil
            lines[index].turns.removeAll { $0 == visitor.key }
        }
        return true
    }

    // MARK: Places

    /// Whether there is a place that is not kept for another kind.
    private func mayServe(_ kind: CallerKind) -> Bool {
        var kept = 0
        for other in CallerKind.allCases where other != kind {
            kept += max(0, lines[other.rawValue].reserve - lines[other.rawValue].served)
        }
        return free > kept
    }

    private mutating func serve(_ visitor: Visitor) {
        let index = visitor.kind.rawValue
        free -= 1
        lines[index].served += 1
        served[visitor, default: 0] += 1
    }

    // MARK: Lines

    private mutating func enqueue(_ visitor: Visitor) -> Ticket {
        lastTicket += 1
        visitors[lastTicket] = visitor
        let index = visitor.kind.rawValue
        if lines[index].waiting == 0, let least = lines.filter({ $0.waiting > 0 }).map(\.pass).min() {
            // A kind that did not wait has nothing to its credit, and nothing to make up for.
            lines[index].pass = least
        }
        lines[index].waiting += 1
        if lines[index].tickets[visitor.key] == nil {
            lines[index].tickets[visitor.key] = CircularBuffer(initialCapacity: 1)
            lines[index].turns.append(visitor.key)
        }
        lines[index].tickets[visitor.key]?.append(lastTicket)
        return lastTicket
    }

    /// The last request of the visitor who has the most in a line that is full, if those are more than the new visitor would have.
    private func ticketToDisplace(for visitor: Visitor) -> Ticket? {
        let line = lines[visitor.kind.rawValue]
        guard line.tickets.count < line.waiting, let most = line.tickets.max(by: { $0.value.count < $1.value.count }),
            most.value.count > (line.tickets[visitor.key]?.count ?? 0) + 1
        else { return nil }
        return most.value.last
    }

    /// Serves whose turn it is.
    private mutating func startNext() -> Ticket? {
        var next: (kind: CallerKind, turn: Int, pass: UInt64)?
        for kind in CallerKind.allCases where lines[kind.rawValue].waiting > 0 && mayServe(kind) {
            let line = lines[kind.rawValue]
            guard next.map({ line.pass < $0.pass }) ?? true,
                let turn = line.turns.firstIndex(where: { served[Visitor(kind: kind, key: $0), default: 0] < share })
            else { continue }
            next = (kind, line.turns.distance(from: line.turns.startIndex, to: turn), line.pass)
        }
        guard let next else { return nil }
        let index = next.kind.rawValue
        let key = lines[index].turns.remove(at: lines[index].turns.index(lines[index].turns.startIndex, offsetBy: next.turn))
        guard let ticket = lines[index].tickets[key]?.popFirst() else { return nil }
        if lines[index].tickets[key]?.isEmpty == true {
            lines[index].tickets[key] = nil
        } else {
            lines[index].turns.append(key)
        }
        lines[index].waiting -= 1
        lines[index].pass += 1_000_000 / next.kind.weight
        visitors[ticket] = nil
        serve(Visitor(kind: next.kind, key: key))
        return ticket
    }
}
