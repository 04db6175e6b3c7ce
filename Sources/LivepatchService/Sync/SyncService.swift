public import FoundationEssentials
public import LivepatchKit
import LivepatchTracing
public import Logging
public import ServiceLifecycle

/// Syncs at once, and then again and again until the server stops: in the interval, and whenever the bell rings.
public struct SyncService: Service {
    private let coordinator: SyncCoordinator
    private let schedule: SyncSchedule
    private let appointment: SyncAppointment
    private let bell: Bell
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - appointment: is told when the next sync is due.
    ///   - bell: ends a pause.
    ///   - now: the current time.
    ///   - sleep: waits, and throws when it is cancelled.
    ///   - jitter: random numbers from 0 to 1.
    public init(
        coordinator: SyncCoordinator, schedule: SyncSchedule, appointment: SyncAppointment, bell: Bell = Bell(),
        logger: Logger, now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.coordinator = coordinator
        self.schedule = schedule
        self.appointment = appointment
        self.bell = bell
        self.logger = logger
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
    }

    public func run() async throws {
        // The sync under way is cancelled, not only no longer waited for: what has arrived stays for the next time.
        await withGracefulShutdownHandler {
            try? await cancelWhenGracefulShutdown { try await repeatedly() }
        } onGracefulShutdown: {
            Task { await coordinator.close() }
        }
        await coordinator.close()
    }

    private func repeatedly() async throws {
        var failures = 0
        while !Task.isCancelled {
            appointment.next = nil
            failures = await succeeded() ? 0 : failures + 1
            let pause = schedule.pause(afterFailures: failures, jitter: jitter())
            appointment.next = now().addingTimeInterval(pause / .seconds(1))
            try await self.pause(pause)
        }
    }

    private func pause(_ pause: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { [bell, sleep] group in
            group.addTask { try await sleep(pause) }
            group.addTask { await bell.wait() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// One sync, told in the log: a trace of its own, which goes on in all that it asks of the servers above.
    private func succeeded() async -> Bool { await withTrace("scheduled sync") { await attempt() } }

    private func attempt() async -> Bool {
        do {
            let report = try await coordinator.trigger().report()
            tell(report)
            return report.result == .complete || report.result == .unchanged
        } catch {
            if !Task.isCancelled { logger.warning("The sync could not begin: \(error)") }
            return false
        }
    }

    private func tell(_ report: SyncReport) {
        let metadata: Logger.Metadata = [
            "result": "\(report.result.rawValue)", "files": "\(report.files)", "bytes": "\(report.bytes)",
            "failures": "\(report.failures.count)", "report": "\(report.id)",
        ]
        let reason = report.failures.first.map { ": \($0.message)" } ?? ""
        switch report.result {
        case .unchanged: logger.debug("The upstream has nothing new.", metadata: metadata)
        case .complete: logger.info("Synced.", metadata: metadata)
        case .partial: logger.warning("Synced in part\(reason)", metadata: metadata)
        case .failed: logger.warning("The sync failed\(reason)", metadata: metadata)
        }
        for note in report.notes { logger.info("\(note)", metadata: ["report": "\(report.id)"]) }
    }
}
