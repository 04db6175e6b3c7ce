import FoundationEssentials
import LivepatchTesting
import Testing

@Suite struct ManualClockTests {
    @Test func `time stands still until it is told to pass`() async throws {
        let clock = ManualClock()
        let start = clock.date
        clock.advance(by: .milliseconds(1_500))
        #expect(clock.now.offset == .milliseconds(1_500))
        #expect(clock.date == start.addingTimeInterval(1.5))
        clock.advance(to: .init(offset: .seconds(1)))
        #expect(clock.now.offset == .milliseconds(1_500), "it never goes back")
    }

    @Test func `sleepers wake at their deadline and not before`() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.sleepers(atLeast: 1)
        clock.advance(by: .seconds(9))
        #expect(clock.sleeps == [.seconds(10)])
        await clock.sleepers(atLeast: 1)
        #expect(clock.advanceToNextDeadline())
        try await sleeper.value
        #expect(clock.now.offset == .seconds(10))
        #expect(!clock.advanceToNextDeadline())
        try await clock.sleep(until: .init(offset: .seconds(5)))
    }

    @Test func `a cancelled sleep ends with an error, whether it has begun or not`() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        let waiter = Task { await clock.sleepers(atLeast: 5) }
        waiter.cancel()
        await waiter.value
    }
}
