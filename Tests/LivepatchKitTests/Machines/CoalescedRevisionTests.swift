import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct CoalescedRevisionTests {
    private let memory = InMemoryCatalog(InMemoryDatabase())

    /// Increases the revision.
    @Sendable private func change() async throws -> CatalogRevision {
        try await memory.record(MachineSamples.entry())
        try await memory.setDeployment(DeploymentID(parsing: "d\(UInt64.random(in: 0...UInt64.max))"))
        return try await memory.revision()
    }

    @Test func `a change that was made before the question is always seen`() async throws {
        let revisions = CoalescedRevision(catalog: memory)
        try await withThrowingTaskGroup { group in
            for worker in 0..<8 {
                group.addTask {
                    for step in 0..<100 {
                        let before = (step + worker) % 10 == 0 ? try await change() : try await memory.revision()
                        #expect(try await revisions.current() >= before)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `those who ask while a read is under way share the next one`() async throws {
        let door = Door()
        let catalog = OvertakenCatalog(memory, at: .revision, always: true) { await door.pass() }
        let revisions = CoalescedRevision(catalog: catalog)
        async let first = revisions.current()
        try await eventually { await door.arrivals == 1 }
        // The first read has begun: what changes now it need not see, and whoever asks now must.
        let changed = try await change()
        let questions = (0..<50).map { _ in Task { try await revisions.current() } }
        try await eventually { await revisions.questions == 51 }
        await door.open()
        _ = try await first
        for question in questions { #expect(try await question.value >= changed) }
        #expect(catalog.attempts == 2)
    }

    @Test func `an error reaches all who waited for that read, and nobody after`() async throws {
        let catalog = OvertakenCatalog(memory, at: .revision) { throw LivepatchError(.databaseUnavailable, "The disk is away.") }
        let revisions = CoalescedRevision(catalog: catalog)
        await expectError(.databaseUnavailable) { try await revisions.current() }
        #expect(try await revisions.current() == memory.revision())
    }

    @Test func `one who goes away does not fail the others`() async throws {
        let door = Door()
        let catalog = OvertakenCatalog(memory, at: .revision, always: true) { await door.pass() }
        let revisions = CoalescedRevision(catalog: catalog)
        let leaving = Task { try await revisions.current() }
        try await eventually { await revisions.questions == 1 }
        let staying = Task { try await revisions.current() }
        try await eventually { await revisions.questions == 2 }
        leaving.cancel()
        await door.open()
        #expect(try await staying.value == memory.revision())
    }

    @Test func `the state of tiers is read once for a revision, however many ask`() async throws {
        let catalog = OvertakenCatalog(memory, at: .tierState, always: true) {}
        let tiers = TierStateCache(catalog: catalog)
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { _ = try await tiers.current() } }
            try await group.waitForAll()
        }
        #expect(catalog.attempts == 1)
        let changed = try await change()
        #expect(try await tiers.current().revision == changed)
        #expect(try await tiers.current(as: CatalogRevision(rawValue: 0)).revision == changed)
        #expect(catalog.attempts == 2)
    }

    @Test func `a state that was being read before a change is not given to who knows of it`() async throws {
        let door = Door()
        let catalog = OvertakenCatalog(memory, at: .tierStateKnown) { await door.pass() }
        let tiers = TierStateCache(catalog: catalog)
        let early = Task { try await tiers.current() }
        try await eventually { await door.arrivals == 1 }
        let changed = try await change()
        let late = Task { try await tiers.current(as: changed) }
        await door.open()
        _ = try await early.value
        #expect(try await late.value.revision >= changed)
    }
}
