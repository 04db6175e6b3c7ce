import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization

/// A machine store that can be made to wait or to fail, and that counts.
final class ScriptedMachineStore: MachineStore {
    struct Counts: Sendable {
        var batches: [[MachineUpdate]] = []
        var machineReads = 0
        var identityReads = 0
    }

    let store: InMemoryMachineStore
    private let counted = Mutex(Counts())
    private let beforeWrite: Mutex<@Sendable ([MachineUpdate]) async throws -> Void>
    private let beforeRead: Mutex<@Sendable () async throws -> Void> = Mutex {}

    init(_ store: InMemoryMachineStore, beforeWrite: @escaping @Sendable ([MachineUpdate]) async throws -> Void = { _ in }) {
        self.store = store
        self.beforeWrite = Mutex(beforeWrite)
    }

    var counts: Counts { counted.withLock { $0 } }

    /// What is done before each write from now on; the write fails with what it throws.
    func onWrite(_ body: @escaping @Sendable ([MachineUpdate]) async throws -> Void) { beforeWrite.withLock { $0 = body } }

    /// What is done after each read of a machine from now on, before it is answered.
    func onRead(_ body: @escaping @Sendable () async throws -> Void) { beforeRead.withLock { $0 = body } }

    func write(_ updates: [MachineUpdate]) async throws {
        counted.withLock { $0.batches.append(updates) }
        let body = beforeWrite.withLock { $0 }
        try await body(updates)
        try await store.write(updates)
    }

    func machine(_ id: HashedMachineID) async throws -> Machine? {
        counted.withLock { $0.machineReads += 1 }
        let machine = try await store.machine(id)
        let body = beforeRead.withLock { $0 }
        try await body()
        return machine
    }

    func machineIdentity(hash: SHA256Digest) async throws -> MachineIdentity? {
        counted.withLock { $0.identityReads += 1 }
        let identity = try await store.machineIdentity(hash: hash)
        let body = beforeRead.withLock { $0 }
        try await body()
        return identity
    }

    // All else is the store's.

    func register(_ machine: HashedMachineID, token hash: SHA256Digest, with authToken: SHA256Digest, at time: Date) async throws
        -> Machine
    {
        try await store.register(machine, token: hash, with: authToken, at: time)
    }
    func endMachineToken(hash: SHA256Digest) async throws { try await store.endMachineToken(hash: hash) }
    func removeHistory(before time: Date, limit: Int) async throws -> Int {
        try await store.removeHistory(before: time, limit: limit)
    }
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
