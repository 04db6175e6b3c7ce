import LivepatchKit
import Testing

@Suite("A bell") struct BellTests {
    @Test func `rung while nobody waits, it wakes the next who does, once`() async throws {
        let bell = Bell()
        bell.ring()
        bell.ring()
        #expect(await bell.wait())
        let waiter = Task { await bell.wait() }
        waiter.cancel()
        #expect(await !waiter.value)
    }

    @Test func `wakes who waits`() async throws {
        let bell = Bell()
        let waiter = Task { await bell.wait() }
        await Task.yield()
        bell.ring()
        #expect(await waiter.value)
    }

    @Test func `who is cancelled goes, and takes no ring along`() async throws {
        let bell = Bell()
        for _ in 0..<50 {
            let waiter = Task { await bell.wait() }
            await Task.yield()
            waiter.cancel()
            #expect(await !waiter.value)
        }
        bell.ring()
        let late = Task { await bell.wait() }
        #expect(await late.value)
    }
}
