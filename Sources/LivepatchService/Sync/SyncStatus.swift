public import FoundationEssentials
import LivepatchAPI
public import LivepatchKit
import Synchronization

/// What a server knows of its syncs.
public struct SyncStatus: Sendable {
    /// What the configuration says.
    public struct Settings: Sendable {
        /// In the order in which they are tried, without credentials.
        public var upstreams: [String]
        public var mode: SyncMode
        public var mirrorsTiers: Bool
        public var interval: Duration
        public var filter: SyncFilter

        public init(
            upstreams: [String], mode: SyncMode = .eager, mirrorsTiers: Bool, interval: Duration, filter: SyncFilter
        ) {
            self.upstreams = upstreams
            self.mode = mode
            self.mirrorsTiers = mirrorsTiers
            self.interval = interval
            self.filter = filter
        }
    }

    private let settings: Settings
    /// `nil` on a server that does not sync.
    let coordinator: SyncCoordinator?
    let reports: any SyncReportStore
    private let appointment: SyncAppointment
    private let catalog: any Catalog
    private let listeners: [UpstreamListener]
    private let told = ToldLag()

    /// - Parameters:
    ///   - coordinator: `nil` on a server that does not sync.
    ///   - appointment: when the next sync is due.
    ///   - listeners: those that hear of changes at the upstreams.
    public init(
        settings: Settings, coordinator: SyncCoordinator?, reports: any SyncReportStore, appointment: SyncAppointment,
        catalog: any Catalog, listeners: [UpstreamListener] = []
    ) {
        self.settings = settings
        self.coordinator = coordinator
        self.reports = reports
        self.appointment = appointment
        self.catalog = catalog
        self.listeners = listeners
    }

    /// The last report; `nil` before the first.
    func last() async throws -> SyncReport? { try await reports.reports(limit: 1).first }

    /// The last sync that left this server with all that its upstream had; `nil` if there was none among the last thousand.
    func lastSuccess() async throws -> SyncReport? {
        if let last = try await last(), last.isSuccess { return last }
        return try await reports.reports(limit: 1000).first(where: \.isSuccess)
    }

    /// How many seconds ago what this server shows was what the origin showed: 0 at the origin, and elsewhere the time since the last
    /// sync that succeeded together with the upstream's own lag at that time.
    /// - Returns: `nil` where nobody knows: before the first sync, below an upstream that does not tell, and where bundles are applied.
    public func lag(at time: Date) async throws -> TimeInterval? {
        let lag = try await currentLag(at: time)
        told.last.withLock { $0 = ToldLag.Lag(seconds: lag, time: time) }
        return lag
    }

    /// What ``lag(at:)`` has told within the last second, for whoever cannot wait.
    func lagAtOnce(at time: Date) -> ToldLag.Lag? {
        told.last.withLock { $0 }.flatMap { time >= $0.time && time < $0.time.addingTimeInterval(1) ? $0 : nil }
    }

    private func currentLag(at time: Date) async throws -> TimeInterval? {
        guard coordinator != nil else { return try await catalog.syncState().route == nil ? 0 : nil }
        guard let success = try await lastSuccess(), let above = success.upstreamLagSeconds else { return nil }
        return max(0, time.timeIntervalSince(success.ended)) + Double(above)
    }

    func body() async throws -> SyncStatusBody {
        let recent = try await reports.reports(limit: 1000)
        let isEnabled = coordinator != nil
        var listening: [UpstreamListening] = []
        for listener in listeners { listening.append(await listener.state()) }
        let awaited = try await catalog.versions().reduce(0) { $0 + ($1.awaited ?? 0) }
        return SyncStatusBody(
            deployment: try await catalog.deployment(), enabled: isEnabled, upstreams: settings.upstreams,
            syncTiers: settings.mirrorsTiers, intervalSeconds: isEnabled ? settings.interval / .seconds(1) : nil,
            route: try await catalog.syncState().route, filter: settings.filter, running: await coordinator?.running,
            last: recent.first, lastSuccess: recent.first(where: \.isSuccess)?.ended,
            next: appointment.next, listening: listening.isEmpty ? nil : listening,
            propagationSeconds: recent.lazy.compactMap(\.propagationSeconds).first,
            mode: isEnabled ? settings.mode : nil, awaitedFiles: awaited == 0 ? nil : awaited)
    }
}

/// How far behind a server was when that was looked up last.
final class ToldLag: Sendable {
    struct Lag: Sendable {
        /// `nil` where nobody knows.
        let seconds: TimeInterval?
        let time: Date
    }

    fileprivate let last = Mutex<Lag?>(nil)
}

/// When the next sync is due.
public final class SyncAppointment: Sendable {
    private let date = Mutex<Date?>(nil)

    public init() {}

    /// `nil` while a sync runs, and where none will.
    public internal(set) var next: Date? {
        get { date.withLock { $0 } }
        set { date.withLock { $0 = newValue } }
    }
}
