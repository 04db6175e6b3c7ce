import Foundation
import LivepatchKit
import LivepatchTesting
import ServiceLifecycle
import Testing

@testable import LivepatchService

@Suite("What runs beside the answers to machines")
struct MachineServiceTests {
    private func update(_ id: String, at time: Date, isChange: Bool) throws -> MachineUpdate {
        MachineUpdate(
            machine: HashedMachineID(try MachineID(parsing: id), key: ServerUnderTest.machineKey), time: time,
            report: MachineReport(kernel: MachineRouteTests.kernel, patchState: .applied), isChange: isChange)
    }

    @Test func `at the shutdown all that machines reported is written`() async throws {
        let server = try await ServerUnderTest()
        _ = try await server.machine("m-1", in: "stable")
        let machines = server.parts.machines
        let time = server.clock.now
        _ = try machines.batcher.enqueue(update("m-1", at: time, isChange: false))
        let group = ServiceGroup(
            services: [MachineReportService(machines.batcher)], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(machines.batcher.count == 0)
        let machine = try await machines.store.machine(update("m-1", at: time, isChange: false).machine)
        #expect(machine?.lastSeen == time)
    }

    @Test func `history is forgotten again and again, a bounded number in each transaction, and the last report stays`()
        async throws
    {
        let server = try await ServerUnderTest()
        _ = try await server.machine("m-1", in: "stable")
        let store = server.parts.machines.store
        let id = try update("m-1", at: server.clock.now, isChange: true).machine
        for _ in 0..<7 {
            try await store.write([update("m-1", at: server.clock.now, isChange: true)])
            server.clock.pass(60)
        }
        server.clock.pass(86_400)
        let cleaner = MachineHistoryCleaner(
            machines: store, retention: .seconds(86_400), rowLimit: 2, now: server.parts.now)
        let pauses = CountedPauses(3)
        try await pauses.run(
            MachineHistoryService(
                cleaner, interval: .seconds(6 * 3600), logger: server.log.logger(label: "history"), sleep: pauses.sleep,
                jitter: { 0.5 }), log: server.log)
        #expect(pauses.taken == [.seconds(60), .seconds(6 * 3600), .seconds(6 * 3600)])
        #expect(try await store.history(of: id, limit: 100).isEmpty)
        #expect(try await store.machine(id)?.report != nil)
        #expect(server.log.lines.filter { $0.contains("Forgot what machines reported") && $0.contains("\"7\"") }.count == 1)
    }
}
