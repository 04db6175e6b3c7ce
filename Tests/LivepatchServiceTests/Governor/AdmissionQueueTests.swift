import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Who is served") struct AdmissionQueueTests {
    private func visitor(_ kind: CallerKind, _ key: Int = 1) -> Visitor { Visitor(kind: kind, key: key) }

    /// Has requests come that all differ in who sends them.
    private func fill(_ queue: inout AdmissionQueue, _ kind: CallerKind, _ count: Int, from first: Int = 1000) -> [Visitor] {
        (first..<(first + count)).compactMap { key in
            queue.arrive(visitor(kind, key)) == .admitted ? visitor(kind, key) : nil
        }
    }

    /// Takes all the places that a kind can have.
    private func occupy(_ queue: inout AdmissionQueue, _ kind: CallerKind) -> [Visitor] {
        var served: [Visitor] = []
        while true {
            let next = visitor(kind, 1000 + served.count)
            switch queue.arrive(next) {
            case .admitted: served.append(next)
            case .waits(let ticket, _):
                queue.withdraw(ticket)
                return served
            case .refused: return served
            }
        }
    }

    private func ticket(_ arrival: AdmissionQueue.Arrival) -> AdmissionQueue.Ticket? {
        if case .waits(let ticket, _) = arrival { ticket } else { nil }
    }

    @Test func `a herd of machines leaves the places that are kept for others`() {
        var queue = AdmissionQueue(places: 100, burst: 50)
        let machines = fill(&queue, .machines, 500)
        #expect(machines.count == 100 - 10 - 20 - 5)
        #expect(queue.waiting(.machines) == 50 - 2 * 6 - 12)
        for key in 0..<10 { #expect(queue.arrive(visitor(.administrators, key)) == .admitted) }
        for key in 0..<20 { #expect(queue.arrive(visitor(.downstreams, key)) == .admitted) }
        for key in 0..<5 { #expect(queue.arrive(visitor(.strangers, key)) == .admitted) }
        #expect(queue.arrive(visitor(.machines)) == .refused)
        #expect(queue.arrive(visitor(.administrators, 99)) != .refused, "it waits, though the herd's line is full")
    }

    @Test func `every kind has a place and room, however few there are`() {
        var queue = AdmissionQueue(places: 4, burst: 1)
        for kind in CallerKind.allCases {
            #expect(queue.arrive(visitor(kind, 1)) == .admitted)
            #expect(ticket(queue.arrive(visitor(kind, 2))) != nil)
            #expect(queue.arrive(visitor(kind, 3)) == .refused)
        }
    }

    @Test func `without room to wait, what finds no place is refused`() {
        var queue = AdmissionQueue(places: 8, burst: 0)
        let served = fill(&queue, .administrators, 8)
        #expect(queue.arrive(visitor(.administrators)) == .refused)
        #expect(queue.leave(served[0]).isEmpty)
        #expect(queue.arrive(visitor(.administrators)) == .admitted)
    }

    @Test func `who waited longest within a visitor is served first, and visitors take turns`() throws {
        var queue = AdmissionQueue(places: 40, burst: 400)
        let served = occupy(&queue, .downstreams)
        let noisy = (0..<6).compactMap { _ in ticket(queue.arrive(visitor(.downstreams, 1))) }
        let quiet = (0..<2).compactMap { _ in ticket(queue.arrive(visitor(.downstreams, 2))) }
        #expect(noisy.count == 6 && quiet.count == 2)
        let order = served.prefix(8).flatMap { queue.leave($0) }
        #expect(order == [noisy[0], quiet[0], noisy[1], quiet[1], noisy[2], noisy[3], noisy[4], noisy[5]])
    }

    @Test func `who fills a line makes room for who has less in it`() throws {
        var queue = AdmissionQueue(places: 40, burst: 16)
        _ = occupy(&queue, .downstreams)
        let noisy = (0..<9).map { _ in queue.arrive(visitor(.downstreams, 1)) }
        #expect(noisy.compactMap(ticket).count == 4 && noisy.last == .refused)
        let last = try #require(ticket(noisy[3]))
        guard case .waits(_, displacing: last) = queue.arrive(visitor(.downstreams, 2)) else {
            Issue.record("the quiet one was not let in")
            return
        }
        #expect(queue.waiting(.downstreams) == 4)
        // 3 of one and 1 of the other: a second of the other one still has fewer, and then both have the same.
        #expect(ticket(queue.arrive(visitor(.downstreams, 2))) != nil)
        #expect(queue.arrive(visitor(.downstreams, 2)) == .refused)
        #expect(queue.arrive(visitor(.downstreams, 1)) == .refused)
    }

    @Test func `nobody has more than half of the places, and others pass by`() {
        var queue = AdmissionQueue(places: 20, burst: 100)
        let noisy = (0..<20).map { _ in queue.arrive(visitor(.machines, 1)) }
        #expect(noisy.filter { $0 == .admitted }.count == 10)
        #expect(queue.arrive(visitor(.machines, 2)) == .admitted)
        #expect(queue.leave(visitor(.machines, 2)).isEmpty, "the place is not for who has half of them")
        #expect(queue.leave(visitor(.machines, 1)).count == 1)
    }

    @Test func `kinds that wait are served in proportion to their weights`() {
        var queue = AdmissionQueue(places: 100, burst: 8000)
        // More than is kept for anybody else, so that what becomes free is for all.
        var served: [Visitor] = []
        served += fill(&queue, .strangers, 40) + fill(&queue, .machines, 25) + fill(&queue, .downstreams, 20)
        served += fill(&queue, .administrators, 15)
        var kinds: [AdmissionQueue.Ticket: Visitor] = [:]
        for kind in CallerKind.allCases {
            for key in 0..<900 {
                if let ticket = ticket(queue.arrive(visitor(kind, key))) { kinds[ticket] = visitor(kind, key) }
            }
        }
        var turns: [CallerKind: Int] = [:]
        // Of the places that are nobody's; what a kind has kept for it goes back to it.
        for _ in 0..<1500 {
            let leaving = served.removeFirst()
            for ticket in queue.leave(leaving) {
                guard let visitor = kinds[ticket] else { continue }
                turns[visitor.kind, default: 0] += 1
                served.append(visitor)
            }
        }
        let administrators = turns[.administrators] ?? 0
        let strangers = turns[.strangers] ?? 0
        #expect(strangers > 0, "nobody starves")
        #expect(administrators > (turns[.downstreams] ?? 0))
        #expect((turns[.downstreams] ?? 0) > strangers && (turns[.machines] ?? 0) > strangers)
    }

    @Test func `an administrator who waits is next, however many machines have waited for longer`() throws {
        var queue = AdmissionQueue(places: 100, burst: 400)
        let administrators = fill(&queue, .administrators, 10)
        let machines = fill(&queue, .machines, 500)
        let downstreams = fill(&queue, .downstreams, 20)
        #expect(queue.waiting(.machines) > 100)
        for leaving in [administrators[0], machines[0]] {
            let block = try #require(ticket(queue.arrive(visitor(.administrators, 99))))
            #expect(queue.leave(leaving) == [block])
        }
        // What is kept for downstreams is for them, whoever waits.
        let administrator = try #require(ticket(queue.arrive(visitor(.administrators, 98))))
        #expect(queue.leave(downstreams[0]).isEmpty)
        #expect(queue.arrive(visitor(.downstreams, 77)) == .admitted)
        #expect(queue.leave(machines[1]) == [administrator])
    }

    @Test func `who gives up waiting leaves no trace`() throws {
        var queue = AdmissionQueue(places: 4, burst: 40)
        let served = occupy(&queue, .machines)
        #expect(served.count == 1)
        let first = try #require(ticket(queue.arrive(visitor(.machines, 1))))
        let second = try #require(ticket(queue.arrive(visitor(.machines, 2))))
        let withdrawn = (0..<2).map { _ in queue.withdraw(first) }
        #expect(withdrawn == [true, false])
        #expect(queue.leave(served[0]) == [second])
        let isWithdrawn = queue.withdraw(second)
        #expect(!isWithdrawn, "it is being served")
        #expect(queue.waiting(.machines) == 0)
    }

    @Test(arguments: 0..<20) func `whatever comes and goes, nothing is lost and no bound is passed`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) + 1)
        let places = Int.random(in: 4...30, using: &random)
        let burst = Int.random(in: 0...40, using: &random)
        var queue = AdmissionQueue(places: places, burst: burst)
        var served: [Visitor] = []
        var waiting: [AdmissionQueue.Ticket: Visitor] = [:]
        for _ in 0..<2000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let who = visitor(
                    CallerKind.allCases.randomElement(using: &random) ?? .machines, Int.random(in: 0..<6, using: &random))
                switch queue.arrive(who) {
                case .admitted: served.append(who)
                case .waits(let ticket, let displaced):
                    if let displaced {
                        let other = waiting.removeValue(forKey: displaced)
                        #expect(other?.kind == who.kind && other != who)
                    }
                    waiting[ticket] = who
                case .refused: break
                }
            case 5..<9:
                guard let index = served.indices.randomElement(using: &random) else { continue }
                for ticket in queue.leave(served.remove(at: index)) {
                    guard let who = waiting.removeValue(forKey: ticket) else {
                        Issue.record("a request is served that does not wait")
                        continue
                    }
                    served.append(who)
                }
            default:
                guard let ticket = waiting.keys.sorted().randomElement(using: &random) else { continue }
                let isWithdrawn = queue.withdraw(ticket)
                #expect(isWithdrawn)
                waiting[ticket] = nil
            }
            #expect(served.count <= places)
            for kind in CallerKind.allCases {
                #expect(queue.served(kind) == served.filter { $0.kind == kind }.count)
                #expect(queue.waiting(kind) == waiting.values.filter { $0.kind == kind }.count)
                #expect(queue.waiting(kind) <= kind.room(of: burst))
            }
            // Work is conserved: a place that is not kept for anybody is not left empty while somebody waits who may have it.
            let kept = CallerKind.allCases.map { max(0, $0.reserve(of: places) - queue.served($0)) }
            for (who, count) in Dictionary(grouping: waiting.values, by: \.self).mapValues(\.count) where count > 0 {
                let others = kept.reduce(0, +) - kept[who.kind.rawValue]
                let own = served.filter { $0 == who }.count
                #expect(places - served.count <= others || own >= max(1, places / 2), "\(who) waits in vain")
            }
        }
    }
}

/// The same numbers for the same seed (xorshift64*).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
