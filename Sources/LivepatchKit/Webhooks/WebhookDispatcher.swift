public import FoundationEssentials
public import Logging

/// Tells webhooks what happens, one message at a time to each of them, and to all of them side by side.
///
/// Messages to one webhook are first tried in the order in which things happened. One that was not taken is tried again later, and others
/// overtake it. While a receiver is down it is left alone for a while.
public actor WebhookDispatcher {
    /// How long deliveries are remembered.
    public struct Retention: Hashable, Sendable {
        /// Those that were taken.
        public var delivered: Duration
        /// All others, given up or not.
        public var others: Duration

        public init(delivered: Duration = .seconds(7 * 86_400), others: Duration = .seconds(30 * 86_400)) {
            self.delivered = delivered
            self.others = others
        }
    }

    private let store: any WebhookStore
    private let outbox: WebhookOutbox
    private let courier: WebhookCourier
    private let monitors: [any WebhookMonitor]
    private let retention: Retention
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// The webhooks to which something is under way.
    private var busy: Set<Int64> = []
    /// Until when a webhook's receiver is left alone.
    private var pauses: [Int64: Date] = [:]
    private var nextLook = Date.distantPast
    private var nextPruning = Date.distantPast

    /// - Parameters:
    ///   - monitors: what is looked at once a minute.
    ///   - now: the current time.
    public init(
        store: any WebhookStore, catalog: any Catalog, reports: any SyncReportStore, courier: WebhookCourier,
        monitors: [any WebhookMonitor], retention: Retention = Retention(), logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        outbox = WebhookOutbox(store: store, catalog: catalog, reports: reports, now: now)
        self.courier = courier
        self.monitors = monitors
        self.retention = retention
        self.logger = logger
        self.now = now
    }

    /// Tells what there is to tell, again and again, until the task is cancelled. What is under way then is told again at the next start.
    /// - Parameter pause: waits between two looks, and throws when it is cancelled.
    public func run(pause: @Sendable () async throws -> Void) async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for webhook in await round() { group.addTask { await self.serve(webhook) } }
                do { try await pause() } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Tells what there is to tell now, and waits for that.
    public func runOnce() async {
        await withDiscardingTaskGroup { group in
            for webhook in await round() { group.addTask { await self.serve(webhook) } }
        }
    }

    /// Finds out what there is to tell.
    /// - Returns: the webhooks that have to be served, which count as busy until they are.
    private func round() async -> [Int64] {
        do {
            let webhooks = try await store.webhooks()
            guard !webhooks.isEmpty else { return [] }
            try await outbox.collect()
            await look(for: webhooks)
            try await prune()
            let time = now()
            let due = try await store.due(at: time).filter { !busy.contains($0) && pauses[$0, default: .distantPast] <= time }
            busy.formUnion(due)
            return due.sorted()
        } catch {
            if !Task.isCancelled { logger.error("What webhooks are to be told cannot be found out: \(error)") }
            return []
        }
    }

    private func look(for webhooks: [Webhook]) async {
        guard now() >= nextLook else { return }
        nextLook = now().addingTimeInterval(60)
        for monitor in monitors {
            do {
                try await outbox.look(monitor, for: webhooks)
            } catch {
                if !Task.isCancelled { logger.error("The \(monitor.kind) cannot be looked at for webhooks: \(error)") }
            }
        }
    }

    private func prune() async throws {
        guard now() >= nextPruning else { return }
        nextPruning = now().addingTimeInterval(3600)
        try await store.prune(
            delivered: now().addingTimeInterval(-(retention.delivered / .seconds(1))),
            others: now().addingTimeInterval(-(retention.others / .seconds(1))))
    }

    /// Delivers what is due to one webhook, until nothing is or its receiver is to be left alone.
    private func serve(_ webhook: Int64) async {
        defer { busy.remove(webhook) }
        do {
            while !Task.isCancelled, let parcel = try await store.next(for: webhook, at: now()) {
                guard let pause = try await courier.deliver(parcel), pause > .zero else { continue }
                pauses[webhook] = now().addingTimeInterval(pause / .seconds(1))
                return
            }
            pauses[webhook] = nil
        } catch {
            if !Task.isCancelled {
                logger.error("The webhook \(webhook) cannot be served: \(error)")
                // Not in every round.
                pauses[webhook] = now().addingTimeInterval(30)
            }
        }
    }
}
