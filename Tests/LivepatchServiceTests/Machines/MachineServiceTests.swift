import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import ServiceLifecycle
import Synchronization
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

    @Test func `where the database cannot be written, a change is not acknowledged, and is written later`() async throws {
        var server = try await ServerUnderTest()
        let store = FailingMachineStore(InMemoryMachineStore(server.database))
        server.parts.machines = MachineParts(
            store: store, authTokens: server.parts.machines.authTokens, catalog: server.catalog, tiers: server.parts.tiers,
            key: ServerUnderTest.machineKey, url: { Paths.patchFile($0) }, interval: .seconds(3600),
            logger: server.log.logger(label: "machines"), metrics: server.metrics, now: server.parts.now)
        let token = try await server.machine("m-1", in: "stable")
        let report = MachineReport(kernel: MachineRouteTests.kernel, patchState: .applyFailed)
        try await server.application.test(.router) { client in
            store.fails = true
            let refused = try await client.post(Paths.machineUpdates(MachineRouteTests.id), report, token: token)
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.problem?.code == "database-unavailable")
            #expect(refused.headers[.retryAfter] != nil)
            store.fails = false
            let taken = try await client.post(Paths.machineUpdates(MachineRouteTests.id), report, token: token)
            #expect(taken.status == .ok)
        }
        let machine = try await store.machine(update("m-1", at: server.clock.now, isChange: true).machine)
        #expect(machine?.report == report)
    }
}

/// A store that can be told to fail when it is to write reports.
private final class FailingMachineStore: MachineStore {
    private let store: InMemoryMachineStore
    private let failing = Mutex(false)

    init(_ store: InMemoryMachineStore) { self.store = store }

    var fails: Bool {
        get { failing.withLock { $0 } }
        set { failing.withLock { $0 = newValue } }
    }

    func write(_ updates: [MachineUpdate]) async throws {
        if fails { throw LivepatchError(.databaseUnavailable, "The disk is full.") }
        try await store.write(updates)
    }

    func register(
        _ machine: HashedMachineID, token hash: SHA256Digest, with authToken: SHA256Digest, at time: Date
    ) async throws -> Machine { try await store.register(machine, token: hash, with: authToken, at: time) }
    func machineIdentity(hash: SHA256Digest) async throws -> MachineIdentity? { try await store.machineIdentity(hash: hash) }
    func endMachineToken(hash: SHA256Digest) async throws { try await store.endMachineToken(hash: hash) }
    func removeHistory(before time: Date, limit: Int) async throws -> Int {
        try await store.removeHistory(before: time, limit: limit)
    }
    func machine(_ id: HashedMachineID) async throws -> Machine? { try await store.machine(id) }
    func machines(_ query: MachineQuery, after: HashedMachineID?, limit: Int) async throws -> [Machine] {
        try await store.machines(query, after: after, limit: limit)
    }
    func count(_ query: MachineQuery) async throws -> Int { try await store.count(query) }
    func history(of id: HashedMachineID, limit: Int) async throws -> [MachineUpdate] {
        try await store.history(of: id, limit: limit)
    }
    func forget(_ ids: [HashedMachineID], entry: ChangeEntry) async throws -> Int { try await store.forget(ids, entry: entry) }
    func setTags(_ tags: [String], of id: HashedMachineID, entry: ChangeEntry) async throws {
        try await store.setTags(tags, of: id, entry: entry)
    }
}
