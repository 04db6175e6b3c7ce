import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Logging
import Synchronization
import Testing

/// Who was asked for, in order.
private final class Order: Sendable {
    let names = Mutex<[String]>([])
}

/// How many passwords were looked at.
private final class Looks: Sendable {
    let count = Mutex(0)

    func note() { count.withLock { $0 += 1 } }
}

@Suite struct LoginGuardTests {
    private let clock = ManualClock()
    private let store = InMemoryLoginHistoryStore(InMemoryDatabase())
    private let address = IPAddress("203.0.113.9")

    private func guardian(_ queue: PasswordQueue = PasswordQueue()) -> LoginGuard {
        let clock = clock
        return LoginGuard(store: store, queue: queue, logger: Logger(label: "test"), now: { clock.date })
    }

    @Test func `a refused attempt looks at no password, and a new process goes on refusing`() async throws {
        let looked = Mutex(0)
        let check: @Sendable () async throws -> Bool = {
            looked.withLock { $0 += 1 }
            return false
        }
        let first = guardian()
        for _ in 1...4 { #expect(try await first.attempt("admin", from: address, check) == .wrong(refusal: 0)) }
        #expect(try await first.attempt("admin", from: address, check) == .wrong(refusal: 30))
        #expect(try await first.attempt("admin", from: address, check) == .refused(30))
        let second = guardian()
        guard case .refused(let seconds) = try await second.attempt("admin", from: address, check) else {
            Issue.record("forgiven")
            return
        }
        #expect(seconds > 28 && seconds <= 30)
        #expect(looked.withLock { $0 } == 5)
        #expect(try await second.attempt("admin", from: IPAddress("198.51.100.1")) { true } == .right)
    }

    @Test func `a check that fails for a reason of its own counts for nothing`() async throws {
        let guardian = guardian()
        for _ in 1...20 {
            await expectError(.databaseUnavailable) {
                try await guardian.attempt("admin", from: address) { throw LivepatchError(.databaseUnavailable, "It is away.") }
            }
        }
        #expect(try await guardian.attempt("admin", from: address) { true } == .right)
    }

    @Test func `however many come at once, few passwords are checked together, and known addresses come first`() async throws {
        var bounds = PasswordQueue.Bounds()
        bounds.turns = 1
        bounds.strangers = 3
        let queue = PasswordQueue(bounds: bounds)
        let guardian = guardian(queue)
        let home = IPAddress("198.51.100.1")
        #expect(try await guardian.attempt("owner", from: home) { true } == .right)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let order = Order()
        let checking: @Sendable (String) -> @Sendable () async throws -> Bool = { name in
            {
                if name == "first" { for await _ in gate { break } }
                order.names.withLock { $0.append(name) }
                return true
            }
        }
        try await withThrowingTaskGroup(of: LoginGuard.Outcome.self) { group in
            group.addTask { try await guardian.attempt("first", from: IPAddress("10.0.0.1"), checking("first")) }
            try await settled { await queue.isBusy }
            for index in 1...3 {
                group.addTask {
                    try await guardian.attempt("u\(index)", from: IPAddress("10.0.1.\(index)"), checking("stranger"))
                }
                try await settled { await queue.waiting == index }
            }
            #expect(try await guardian.attempt("late", from: IPAddress("10.0.2.1"), checking("late")) == .crowded)
            group.addTask { try await guardian.attempt("owner", from: home, checking("owner")) }
            try await settled { await queue.waiting == 4 }
            open.yield()
            for try await outcome in group { #expect(outcome == .right) }
        }
        #expect(order.names.withLock { $0 } == ["first", "owner", "stranger", "stranger", "stranger"])
        #expect(await queue.waiting == 0)
    }

    @Test func `many at once with the right password all get in, a few at a time, and many with a wrong one do not`() async throws
    {
        let (guardian, address) = (guardian(), address)
        let looks = Looks()
        func together(_ isRight: Bool) async throws -> [LoginGuard.Outcome] {
            try await withThrowingTaskGroup(of: LoginGuard.Outcome.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        try await guardian.attempt("ci", from: address) {
                            looks.note()
                            await Task.yield()
                            return isRight
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(try await together(true) == Array(repeating: .right, count: 30))
        looks.count.withLock { $0 = 0 }
        let wrong = try await together(false)
        #expect(looks.count.withLock { $0 } == 5)
        #expect(wrong.count { $0 == .refused(30) } == 25)
        #expect(wrong.count { $0 == .wrong(refusal: 30) } == 1)
    }

    @Test func `as many wait as there are places for, and the others are sent away`() async throws {
        let (guardian, address) = (guardian(), address)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let looks = Looks()
        let outcomes = try await withThrowingTaskGroup(of: LoginGuard.Outcome.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await guardian.attempt("ci", from: address) {
                        looks.note()
                        for await _ in gate { break }
                        return true
                    }
                }
            }
            var outcomes: [LoginGuard.Outcome] = []
            // Five are let through, 32 wait, and the others are sent away at once.
            while outcomes.count < 63, let outcome = try await group.next() { outcomes.append(outcome) }
            #expect(outcomes.allSatisfy { $0 == .crowded })
            open.finish()
            for try await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
        #expect(outcomes.count { $0 == .right } == 37)
        #expect(looks.count.withLock { $0 } == 37)
    }

    private func settled(_ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while await !condition() {
            try #require(ContinuousClock.now < deadline)
            await Task.yield()
        }
    }
}
