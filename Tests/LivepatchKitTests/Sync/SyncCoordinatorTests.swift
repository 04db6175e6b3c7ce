import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite("One sync at a time")
struct SyncCoordinatorTests {
    @Test("Whoever triggers a sync while one is under way joins it, and gets its report")
    func joining() async throws {
        let gate = Gate()
        let runs = Mutex(0)
        let coordinator = coordinator { _, progress in
            runs.withLock { $0 += 1 }
            progress(SyncProgress(started: Date(), phase: .transferring, filesToFetch: 3))
            await gate.wait()
            return SyncReport(started: Date(), ended: Date(), result: .complete)
        }
        let first = try await coordinator.trigger()
        let others = try await [coordinator.trigger(), coordinator.trigger(acceptsRemovals: true)]
        #expect(!first.joined && others.allSatisfy(\.joined))
        for await progress in first.progress where progress.filesToFetch == 3 { break }
        gate.open()
        let report = try await first.report()
        for other in others { #expect(try await other.report() == report) }
        #expect(runs.withLock { $0 } == 1)
        let next = try await coordinator.trigger()
        #expect(!next.joined)
        #expect(try await next.report().id == report.id + 1)
        #expect(await coordinator.running == nil)
    }

    @Test("The stream of progress ends with the sync")
    func progressEnds() async throws {
        let coordinator = coordinator { _, progress in
            for done in 1...100 { progress(SyncProgress(started: Date(), filesToFetch: 100, filesDone: done)) }
            return SyncReport(started: Date(), ended: Date(), result: .complete)
        }
        let handle = try await coordinator.trigger()
        var last = 0
        for await progress in handle.progress {
            #expect(progress.filesDone >= last)
            last = progress.filesDone
        }
        #expect(try await handle.report().result == .complete)
    }

    @Test("While another process holds the lock, a sync is refused by name, and the next one may run")
    func otherProcess() async throws {
        let lock = SwitchableLock()
        lock.isHeldElsewhere = true
        let coordinator = coordinator(lock) { _, _ in SyncReport(started: Date(), ended: Date(), result: .complete) }
        let error = await #expect(throws: LivepatchError.self) { try await coordinator.trigger().report() }
        #expect(error?.code == .syncUnderWay)
        lock.isHeldElsewhere = false
        #expect(try await coordinator.trigger().report().result == .complete)
    }

    @Test("Closing cancels the sync under way, waits for it, and lets no other begin")
    func closing() async throws {
        let coordinator = coordinator { _, _ in
            let gate = Gate()
            await withTaskCancellationHandler {
                await gate.wait()
            } onCancel: {
                gate.open()
            }
            return SyncReport(started: Date(), ended: Date(), result: .failed)
        }
        let handle = try await coordinator.trigger()
        await coordinator.close()
        #expect(try await handle.report().result == .failed)
        let error = await #expect(throws: LivepatchError.self) { try await coordinator.trigger() }
        #expect(error?.code == .unavailable)
    }

    @Test("What must not wait has the sync under way begin anew, with one report of both attempts")
    func beginningAnew() async throws {
        let begun = Gate()
        let runs = Mutex(0)
        let coordinator = coordinator { _, _ in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            guard run == 1 else {
                return SyncReport(started: Date(), ended: Date(), result: .complete, files: 2, bytes: 20)
            }
            let gate = Gate()
            begun.open()
            await withTaskCancellationHandler {
                await gate.wait()
            } onCancel: {
                gate.open()
            }
            let failure = SyncReport.Failure(file: nil, code: "cancelled", message: "It was cancelled.")
            return SyncReport(started: Date(), ended: Date(), result: .failed, files: 1, bytes: 10, failures: [failure])
        }
        await coordinator.beginAnew("Nothing is under way.")
        let handle = try await coordinator.trigger()
        await begun.wait()
        await coordinator.beginAnew("A block came.")
        let report = try await handle.report()
        #expect(report.result == .complete && report.failures.isEmpty)
        #expect(report.files == 3 && report.bytes == 30)
        #expect(report.notes == ["A block came."])
        #expect(runs.withLock { $0 } == 2)
    }

    private func coordinator(
        _ lock: SwitchableLock = SwitchableLock(),
        run: @escaping @Sendable (Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport
    ) -> SyncCoordinator {
        SyncCoordinator(
            syncLock: lock, storageLock: SwitchableLock(), reports: InMemorySyncReportStore(InMemoryDatabase()), now: { Date() },
            run: run)
    }
}

/// Lets everybody through once it is open.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// A lock that only a test's switch keeps closed.
private final class SwitchableLock: StorageLock {
    private let held = Mutex(false)

    var isHeldElsewhere: Bool {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    func withShared<Value>(_ body: () async throws -> Value) async throws -> Value { try await body() }
    func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value { try await body() }
    func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value? {
        isHeldElsewhere ? nil : try await body()
    }
}
