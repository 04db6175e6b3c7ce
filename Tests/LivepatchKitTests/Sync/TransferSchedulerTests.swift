import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct TransferSchedulerTests {
    private typealias Scheduler = TransferScheduler<String>

    private let policy = RetryPolicy(attempts: 3, base: .seconds(1), maximum: .seconds(10), patience: .seconds(100))

    private func text(_ step: Scheduler.Step) -> String {
        switch step {
        case .start(let item, _): "start \(item)"
        case .needMore: "more"
        case .wait(let until): "wait \(until)"
        case .waitForTransfers: "transfers"
        case .finished: "finished"
        }
    }

    /// Takes the next step, which must be a start.
    private func start(_ scheduler: inout Scheduler, at now: Duration = .zero) throws -> (String, Int) {
        let step = scheduler.next(now: now)
        guard case .start(let item, let ticket) = step else {
            Issue.record("not a start but '\(text(step))'")
            throw LivepatchError(.internalFault, "")
        }
        return (item, ticket)
    }

    @Test func `items begin in the order in which they were given`() throws {
        var scheduler = Scheduler(concurrency: 10, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        scheduler.enqueue([])
        scheduler.enqueue(["d", "e"])
        #expect(try (0..<5).map { _ in try start(&scheduler).0 } == ["a", "b", "c", "d", "e"])
    }

    @Test func `it asks for more, and is finished when there is none and all have ended`() throws {
        var scheduler = Scheduler(concurrency: 2, policy: policy)
        #expect(text(scheduler.next(now: .zero)) == "more")
        scheduler.enqueue(["a"])
        let (_, ticket) = try start(&scheduler)
        #expect(text(scheduler.next(now: .zero)) == "more")
        scheduler.close()
        #expect(text(scheduler.next(now: .zero)) == "transfers")
        scheduler.succeeded(ticket)
        #expect(text(scheduler.next(now: .zero)) == "finished")
    }

    @Test func `no more than so many are under way`() throws {
        var scheduler = Scheduler(concurrency: 2, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        let (_, first) = try start(&scheduler)
        _ = try start(&scheduler)
        #expect(text(scheduler.next(now: .zero)) == "transfers")
        scheduler.succeeded(first)
        #expect(try start(&scheduler).0 == "c")
    }

    @Test func `a concurrency of nothing is one`() throws {
        var scheduler = Scheduler(concurrency: 0, policy: policy)
        scheduler.enqueue(["a"])
        #expect(try start(&scheduler).0 == "a")
    }

    @Test func `what has arrived makes room for the next, but only for so many`() throws {
        var scheduler = Scheduler(concurrency: 1, settling: 2, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        scheduler.close()
        let (_, a) = try start(&scheduler)
        #expect(text(scheduler.next(now: .zero)) == "transfers")
        scheduler.arrived(a)
        let (_, b) = try start(&scheduler)
        scheduler.arrived(b)
        #expect(text(scheduler.next(now: .zero)) == "transfers")
        scheduler.succeeded(a)
        let (item, c) = try start(&scheduler)
        #expect(item == "c")
        scheduler.succeeded(c)
        // What is not in its place yet is not done.
        #expect(text(scheduler.next(now: .zero)) == "transfers")
        #expect(scheduler.failed(b, retryAfter: nil, isRetryable: true, now: .zero, jitter: 0) != .givenUp)
        let (again, _) = try start(&scheduler, at: .seconds(100))
        #expect(again == "b")
    }

    @Test func `what failed waits, and goes ahead of what has not begun`() throws {
        var scheduler = Scheduler(concurrency: 1, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        let (_, a) = try start(&scheduler)
        #expect(scheduler.failed(a, retryAfter: nil, isRetryable: true, now: .zero, jitter: 1) == .retry(at: .seconds(1)))
        let (item, b) = try start(&scheduler)
        #expect(item == "b")
        scheduler.succeeded(b)
        #expect(try start(&scheduler, at: .seconds(1)).0 == "a")
    }

    @Test func `what waits alone is waited for, to the moment`() throws {
        var scheduler = Scheduler(concurrency: 2, policy: policy)
        scheduler.enqueue(["a"])
        scheduler.close()
        let (_, a) = try start(&scheduler)
        _ = scheduler.failed(a, retryAfter: nil, isRetryable: true, now: .seconds(5), jitter: 1)
        #expect(text(scheduler.next(now: .seconds(5))) == text(.wait(until: .seconds(6))))
        #expect(text(scheduler.next(now: .milliseconds(5_999))) == text(.wait(until: .seconds(6))))
        #expect(try start(&scheduler, at: .seconds(6)).0 == "a")
    }

    @Test func `after its last attempt, or when it makes no sense, an item is given up and the rest goes on`() throws {
        var scheduler = Scheduler(concurrency: 1, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        scheduler.close()
        var now = Duration.zero
        for attempt in 1...3 {
            let (item, ticket) = try start(&scheduler, at: now)
            #expect(item == "a")
            let verdict = scheduler.failed(ticket, retryAfter: nil, isRetryable: true, now: now, jitter: 0)
            #expect(verdict == (attempt < 3 ? .retry(at: now) : .givenUp))
            now += .seconds(1)
        }
        let (b, ticket) = try start(&scheduler, at: now)
        #expect(b == "b")
        #expect(scheduler.failed(ticket, retryAfter: nil, isRetryable: false, now: now, jitter: 0) == .givenUp)
        let (_, last) = try start(&scheduler, at: now)
        scheduler.succeeded(last)
        #expect(text(scheduler.next(now: now)) == "finished")
    }

    @Test func `a wish for patience holds for everybody`() throws {
        var scheduler = Scheduler(concurrency: 3, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        let (_, a) = try start(&scheduler)
        _ = try start(&scheduler)
        _ = scheduler.failed(a, retryAfter: .seconds(30), isRetryable: true, now: .seconds(10), jitter: 0)
        #expect(text(scheduler.next(now: .seconds(10))) == text(.wait(until: .seconds(40))))
        #expect(text(scheduler.next(now: .seconds(39))) == text(.wait(until: .seconds(40))))
        let begun = [try start(&scheduler, at: .seconds(40)).0, try start(&scheduler, at: .seconds(40)).0]
        #expect(Set(begun) == ["a", "c"])
    }

    @Test func `a shorter wish does not shorten a longer one`() throws {
        var scheduler = Scheduler(concurrency: 3, policy: policy)
        scheduler.enqueue(["a", "b", "c"])
        let (_, a) = try start(&scheduler)
        let (_, b) = try start(&scheduler)
        _ = scheduler.failed(a, retryAfter: .seconds(50), isRetryable: true, now: .zero, jitter: 0)
        _ = scheduler.failed(b, retryAfter: .seconds(1), isRetryable: true, now: .zero, jitter: 0)
        #expect(text(scheduler.next(now: .seconds(2))) == text(.wait(until: .seconds(50))))
    }

    @Test func `an upstream that asks for more patience than there is gives up the item, and does not stop the others`() throws {
        var scheduler = Scheduler(concurrency: 1, policy: policy)
        scheduler.enqueue(["a", "b"])
        let (_, a) = try start(&scheduler)
        #expect(scheduler.failed(a, retryAfter: .seconds(101), isRetryable: true, now: .zero, jitter: 0) == .givenUp)
        #expect(try start(&scheduler).0 == "b")
    }

    @Test func `a ticket that has ended ends only once`() throws {
        var scheduler = Scheduler(concurrency: 1, policy: policy)
        scheduler.enqueue(["a"])
        scheduler.close()
        let (_, a) = try start(&scheduler)
        scheduler.succeeded(a)
        #expect(scheduler.failed(a, retryAfter: nil, isRetryable: true, now: .zero, jitter: 0) == .givenUp)
        #expect(text(scheduler.next(now: .zero)) == "finished")
    }

    @Test(arguments: UInt64(1)...80)
    func `whatever succeeds and fails, each item ends exactly once, and it finishes`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let concurrency = Int.random(in: 1...5, using: &random)
        let settling = Int.random(in: 1...5, using: &random)
        var scheduler = TransferScheduler<Int>(concurrency: concurrency, settling: settling, policy: policy)
        var given = 0
        let total = Int.random(in: 0...60, using: &random)
        var underWay: [(ticket: Int, item: Int, hasArrived: Bool)] = []
        var attempts: [Int: Int] = [:]
        var ended: [Int: Int] = [:]
        var now = Duration.zero
        var pausedUntil = Duration.zero
        var closed = false

        func end(_ index: Int) {
            if !underWay[index].hasArrived, Bool.random(using: &random) {
                underWay[index].hasArrived = true
                return scheduler.arrived(underWay[index].ticket)
            }
            let (ticket, item, _) = underWay.remove(at: index)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                scheduler.succeeded(ticket)
                ended[item, default: 0] += 1
            case let kind:
                let retryAfter: Duration? = kind == 5 ? .seconds(Int.random(in: 0...120, using: &random)) : nil
                let verdict = scheduler.failed(
                    ticket, retryAfter: retryAfter, isRetryable: kind != 6, now: now,
                    jitter: Double.random(in: 0...1, using: &random))
                switch verdict {
                case .givenUp: ended[item, default: 0] += 1
                case .retry(let time):
                    #expect(time >= now)
                    if let retryAfter {
                        #expect(time >= now + retryAfter)
                        pausedUntil = max(pausedUntil, now + retryAfter)
                    }
                }
            }
        }

        for _ in 0..<10_000 {
            switch scheduler.next(now: now) {
            case .start(let item, let ticket):
                #expect(now >= pausedUntil)
                attempts[item, default: 0] += 1
                #expect(attempts[item, default: 0] <= policy.attempts)
                #expect(ended[item] == nil)
                underWay.append((ticket, item, false))
                #expect(underWay.count { !$0.hasArrived } <= concurrency)
                #expect(underWay.count { $0.hasArrived } < settling)
            case .needMore:
                #expect(!closed)
                let count = min(total - given, Int.random(in: 1...7, using: &random))
                if count == 0 {
                    scheduler.close()
                    closed = true
                } else {
                    scheduler.enqueue(Array(given..<(given + count)))
                    given += count
                }
            case .wait(let time):
                #expect(time > now)
                if underWay.isEmpty || Bool.random(using: &random) {
                    now = time
                } else {
                    end(Int.random(in: 0..<underWay.count, using: &random))
                }
            case .waitForTransfers:
                guard !underWay.isEmpty else {
                    Issue.record("it waits for transfers, and there are none")
                    return
                }
                now += .milliseconds(Int.random(in: 0...3_000, using: &random))
                end(Int.random(in: 0..<underWay.count, using: &random))
            case .finished:
                #expect(given == total)
                #expect(underWay.isEmpty)
                #expect(ended.count == total && ended.values.allSatisfy { $0 == 1 })
                return
            }
        }
        Issue.record("it did not finish")
    }
}
