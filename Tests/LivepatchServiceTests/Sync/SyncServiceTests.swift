import Foundation
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@testable import LivepatchService

@Suite("Syncing again and again")
struct SyncServiceTests {
    @Test func `syncs at once, sooner after a failure, in the interval after a success, and stops when told to`() async throws {
        let results = Mutex<[SyncReport.Result]>([.failed, .partial, .complete, .unchanged])
        let pauses = CountedPauses(4)
        let nexts = Mutex<[Date?]>([])
        let time = Date(timeIntervalSince1970: 1_750_000_000)
        let lock = NoLock()
        let log = CapturedLog()
        let appointment = SyncAppointment()
        let coordinator = SyncCoordinator(
            syncLock: lock, storageLock: lock, reports: InMemorySyncReportStore(InMemoryDatabase()), now: { time }
        ) { _, _ in
            SyncReport(started: time, ended: time, result: results.withLock { $0.removeFirst() })
        }
        let service = SyncService(
            coordinator: coordinator, schedule: SyncSchedule(interval: .seconds(1000), retry: .seconds(10)),
            appointment: appointment, logger: log.logger(label: "sync"), now: { time },
            sleep: { pause in
                nexts.withLock { $0.append(appointment.next) }
                try await pauses.sleep(pause)
            },
            jitter: { 0.5 })
        try await pauses.run(service, log: log)
        #expect(pauses.taken == [.seconds(10), .seconds(20), .seconds(1000), .seconds(1000)])
        #expect(nexts.withLock { $0 }.first == time.addingTimeInterval(10))
        await #expect(throws: LivepatchError.self) { try await coordinator.trigger() }
        #expect(log.lines.contains { $0.contains("Synced.") })
    }
}
