import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct ReportBatcherTests {
    private struct DiskIsAway: Error {}

    /// A server with machines that are attached.
    private func server(_ machines: Int = 3, limit: Int = 1000, capacity: Int = 65_536) async throws -> MachineServer {
        let server = MachineServer(limit: limit, capacity: capacity)
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        for number in 1...machines { _ = try await server.attach("m\(number)", with: secret) }
        return server
    }

    private func states(_ server: MachineServer, _ machine: String) async throws -> [PatchState] {
        try await server.store.history(of: try MachineSamples.hashed(machine), limit: 1000).reversed().map(\.report.patchState)
    }

    @Test func `a report that changes nothing is written with the next interval, and the last one wins`() async throws {
        let server = try await server()
        let running = Task { await server.batcher.run() }
        await server.clock.sleepers(atLeast: 1)
        for seconds in [10.0, 20, 30] {
            let ticket = try server.batcher.enqueue(try MachineSamples.update("m1", seconds))
            try await server.batcher.settle(ticket)
        }
        #expect(server.store.counts.batches.isEmpty)
        server.clock.advance(by: .seconds(1))
        await server.clock.sleepers(atLeast: 1)
        #expect(server.store.counts.batches.map { $0.map(\.time) } == [[MachineSamples.now.addingTimeInterval(30)]])
        #expect(
            try await server.store.machine(try MachineSamples.hashed("m1"))?.lastSeen == MachineSamples.now.addingTimeInterval(30)
        )
        running.cancel()
        await running.value
    }

    @Test func `a change is durable before it is acknowledged, without waiting for the interval`() async throws {
        let server = try await server()
        let ticket = try server.batcher.enqueue(try MachineSamples.update("m1", isChange: true, state: .applied))
        try await server.batcher.settle(ticket)
        #expect(try await states(server, "m1") == [.applied])
        #expect(server.batcher.count == 0)
        // What is durable is not waited for again.
        try await server.batcher.settle(ticket)
        #expect(server.store.counts.batches.count == 1)
    }

    @Test func `changes that come while one batch is written share the next`() async throws {
        let server = try await server(40)
        let door = Door()
        server.store.onWrite { _ in await door.pass() }
        let first = Task { try await settle(server, "m1", .applied) }
        try await eventually { await door.arrivals == 1 }
        let others = try (2...40).map { number in
            let ticket = try server.batcher.enqueue(try MachineSamples.update("m\(number)", isChange: true, state: .applied))
            return Task { try await server.batcher.settle(ticket) }
        }
        await door.open()
        try await first.value
        for other in others { try await other.value }
        #expect(server.store.counts.batches.map(\.count) == [1, 39])
    }

    private func settle(_ server: MachineServer, _ machine: String, _ state: PatchState) async throws {
        try await server.batcher.settle(
            try server.batcher.enqueue(try MachineSamples.update(machine, isChange: true, state: state)))
    }

    @Test func `a batch holds no more than its limit, and a full one is written at once`() async throws {
        let server = try await server(7, limit: 3)
        for number in 1...7 { _ = try server.batcher.enqueue(try MachineSamples.update("m\(number)")) }
        try await eventually { server.store.counts.batches.count == 2 }
        try await server.batcher.flush()
        #expect(server.store.counts.batches.map(\.count) == [3, 3, 1])
    }

    @Test func `a write that fails is told to those who wait, and its reports are written with the next batch`() async throws {
        let server = try await server()
        server.store.onWrite { _ in throw DiskIsAway() }
        _ = try server.batcher.enqueue(try MachineSamples.update("m2", 5))
        let error = await expectError(.databaseUnavailable) { try await settle(server, "m1", .applied) }
        #expect(error?.cause is DiskIsAway)
        #expect(server.batcher.count == 2)
        server.store.onWrite { _ in }
        try await server.batcher.flush()
        #expect(try await states(server, "m1") == [.applied])
        #expect(try await server.store.machine(try MachineSamples.hashed("m2"))?.lastSeen != nil)
        #expect(server.batcher.count == 0)
    }

    @Test func `a report that changes nothing is not acknowledged while its machine's change is not durable`() async throws {
        let server = try await server()
        server.store.onWrite { _ in throw DiskIsAway() }
        await expectError(.databaseUnavailable) { try await settle(server, "m1", .applied) }
        // The machine asks again, and says the same: it must not be told that all is well.
        let ticket = try server.batcher.enqueue(try MachineSamples.update("m1", 60, state: .applied))
        await expectError(.databaseUnavailable) { try await server.batcher.settle(ticket) }
        // Another machine, of which nothing is owing, is.
        try await server.batcher.settle(try server.batcher.enqueue(try MachineSamples.update("m2", 60)))
        server.store.onWrite { _ in }
        try await server.batcher.settle(ticket)
        #expect(try await states(server, "m1") == [.applied])
    }

    @Test func `the order of a machine's reports outlives failures`() async throws {
        let server = try await server()
        server.store.onWrite { _ in throw DiskIsAway() }
        _ = try server.batcher.enqueue(try MachineSamples.update("m1", 1))
        await expectError(.databaseUnavailable) { try await settle(server, "m1", .unapplied) }
        await expectError(.databaseUnavailable) { try await settle(server, "m1", .applyFailed) }
        _ = try server.batcher.enqueue(try MachineSamples.update("m1", 70, state: .applyFailed))
        server.store.onWrite { _ in }
        try await settle(server, "m1", .applied)
        #expect(try await states(server, "m1") == [.unapplied, .applyFailed, .applied])
        #expect(try await server.store.machine(try MachineSamples.hashed("m1"))?.report?.patchState == .applied)
    }

    @Test func `when too much waits, changes are refused and other reports dropped, and nothing grows`() async throws {
        let server = try await server(4, capacity: 2)
        server.store.onWrite { _ in throw DiskIsAway() }
        for number in 1...2 { await expectError(.databaseUnavailable) { try await settle(server, "m\(number)", .applied) } }
        expectError(.databaseUnavailable, naming: ["too many"]) {
            try server.batcher.enqueue(try MachineSamples.update("m3", isChange: true))
        }
        for seconds in 0..<10 {
            let ticket = try server.batcher.enqueue(try MachineSamples.update("m4", Double(seconds)))
            try await server.batcher.settle(ticket)
        }
        #expect(server.batcher.count == 2)
        server.store.onWrite { _ in }
        try await server.batcher.flush()
        try await settle(server, "m3", .applied)
    }

    @Test func `one report that cannot be written does not keep the others`() async throws {
        let server = try await server(20)
        let poison = try MachineSamples.hashed("m7")
        server.store.onWrite { updates in
            if updates.contains(where: { $0.machine == poison }) { throw LivepatchError(.internalFault, "A statement failed.") }
        }
        for number in 1...20 where number != 7 { _ = try server.batcher.enqueue(try MachineSamples.update("m\(number)", 9)) }
        await expectError(.internalFault) { try await settle(server, "m7", .applied) }
        #expect(server.batcher.count == 0)
        for number in 1...20 where number != 7 {
            #expect(try await server.store.machine(try MachineSamples.hashed("m\(number)"))?.lastSeen != nil)
        }
        try await server.batcher.flush()
        #expect(try await states(server, "m7") == [])
    }

    @Test func `one who goes away is let go, and the report is written nevertheless`() async throws {
        let server = try await server()
        let door = Door()
        server.store.onWrite { _ in await door.pass() }
        let leaving = Task { try await settle(server, "m1", .applied) }
        try await eventually { await door.arrivals == 1 }
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        await door.open()
        try await server.batcher.flush()
        #expect(try await states(server, "m1") == [.applied])
    }

    @Test func `what is left is written at the end`() async throws {
        let server = try await server()
        let running = Task { await server.batcher.run() }
        await server.clock.sleepers(atLeast: 1)
        _ = try server.batcher.enqueue(try MachineSamples.update("m1", 5))
        running.cancel()
        await running.value
        #expect(try await server.store.machine(try MachineSamples.hashed("m1"))?.lastSeen != nil)
    }

    @Test func `an end while the database fails comes to an end`() async throws {
        let server = try await server()
        server.store.onWrite { _ in throw DiskIsAway() }
        _ = try server.batcher.enqueue(try MachineSamples.update("m1", 5))
        let running = Task { await server.batcher.run() }
        running.cancel()
        await running.value
        #expect(server.batcher.count == 1)
    }

    /// Machines report changes, one after the other, to a server whose database fails now and then and is gone for good at some
    /// moment. Whatever was acknowledged until then is in the database.
    @Test(arguments: 1...12) func `nothing that was acknowledged is lost in a crash`(_ seed: UInt64) async throws {
        let server = try await server(8, limit: 4)
        let random = Mutex(SeededGenerator(seed: seed))
        let writes = Mutex(0)
        let crash = random.withLock { Int.random(in: 5..<40, using: &$0) }
        server.store.onWrite { _ in
            let count = writes.withLock { writes in
                writes += 1
                return writes
            }
            await Task.yield()
            // The first batch is written, so that there is something to lose.
            let fails = count > 1 && random.withLock { Int.random(in: 0..<3, using: &$0) == 0 }
            if fails || count >= crash { throw DiskIsAway() }
        }
        let states: [PatchState] = [.applied, .applyFailed, .unapplied, .checkFailed]
        let acknowledged = try await withThrowingTaskGroup { group in
            for number in 1...8 {
                group.addTask {
                    var acknowledged: [MachineUpdate] = []
                    for step in 0..<30 {
                        let update = try MachineSamples.update(
                            "m\(number)", Double(step), isChange: step % 3 != 2, state: states[(step - step % 3 / 2) % 4])
                        do {
                            try await server.batcher.settle(try server.batcher.enqueue(update))
                            if update.isChange { acknowledged.append(update) }
                        } catch let error as LivepatchError where error.code == .databaseUnavailable {}
                    }
                    return acknowledged
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(writes.withLock { $0 } >= crash)
        #expect(!acknowledged.isEmpty)
        for number in 1...8 {
            let id = try MachineSamples.hashed("m\(number)")
            let kept = try await server.store.history(of: id, limit: 1000)
            #expect(Set(acknowledged.filter { $0.machine == id }).isSubset(of: kept))
            #expect(kept.map(\.time) == kept.map(\.time).sorted(by: >))
            #expect(Set(kept).count == kept.count)
        }
    }
}
