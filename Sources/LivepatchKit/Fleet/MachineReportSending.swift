/// Sends machines' reports page by page, from where the upstream says that it is.
struct MachineReportSending {
    let store: any FleetStore
    let receiver: any FleetReportReceiver
    private(set) var machines = 0
    private(set) var bytes: Int64 = 0

    /// The most pages of one sync; the next sync goes on behind them.
    private static let pages = 200

    private var pagesLeft = pages

    init(store: any FleetStore, receiver: any FleetReportReceiver) {
        self.store = store
        self.receiver = receiver
    }

    mutating func send(_ made: FleetReportMaking.Made, _ receipt: FleetReceipt) async throws {
        let states = Dictionary(receipt.feeds.map { ($0.deployment, $0) }) { first, _ in first }
        for entry in made.report.entries {
            guard let mark = entry.feed, let state = states[entry.deployment] else { continue }
            let source = entry.route.isEmpty ? nil : made.sources[entry.deployment]
            if source == nil, !entry.route.isEmpty { continue }
            try await send(entry.deployment, from: source, mark, state)
        }
    }

    /// - Parameter source: where the machines are kept; `nil` for this server's own.
    private mutating func send(
        _ deployment: DeploymentID, from source: DownstreamSource?, _ mark: MachineFeedMark, _ state: FleetReceipt.Feed
    ) async throws {
        var state = state
        // A sequence that the upstream knows nothing of, or more of than there is, begins anew: a database was restored on one side.
        var place = state.mark?.epoch == mark.epoch && state.mark?.sequence ?? 0 <= mark.sequence ? state.mark?.sequence ?? 0 : 0
        var hasBegunAnew = place == 0
        while pagesLeft > 0 {
            let changes = try await changes(of: source, after: place)
            if changes.isEmpty {
                // Whoever is gone here leaves no change behind, and shows by the numbers.
                guard try await count(source) != state.machines, !hasBegunAnew || place == 0 else { return }
                if place == 0 {
                    _ = try await send(deployment, mark, [], after: 0)
                    return
                }
                place = 0
                hasBegunAnew = true
                continue
            }
            state = try await send(deployment, mark, changes, after: place)
            guard let arrived = state.mark, arrived.epoch == mark.epoch, arrived.sequence == changes.last?.sequence else {
                throw LivepatchError(
                    .upstreamMoving,
                    "The upstream did not take a page of the machines' reports of \(deployment), because somebody else was sending them.",
                    suggestion: "Give each downstream a sync token and a deployment id of its own.")
            }
            place = arrived.sequence
        }
    }

    private mutating func send(
        _ deployment: DeploymentID, _ mark: MachineFeedMark, _ changes: [MachineChange], after place: Int64
    ) async throws -> FleetReceipt.Feed {
        pagesLeft -= 1
        let page = MachinePage(
            header: MachinePage.Header(
                deployment: deployment, epoch: mark.epoch, after: place, upTo: changes.last?.sequence ?? place),
            machines: changes.map(\.machine))
        let length = try page.encoded().count
        guard let state = try await receiver.receive(page) else {
            throw LivepatchError(
                .upstreamLacks, "The upstream takes fleet reports, but no machines' reports.",
                suggestion: "Upgrade it, or set patch-sync.send-machine-reports to false.")
        }
        machines += changes.count
        bytes += Int64(length)
        return state
    }

    private func changes(of source: DownstreamSource?, after place: Int64) async throws -> [MachineChange] {
        guard let source else { return try await store.machineChanges(after: place, limit: FleetBounds.pageLimit) }
        return try await store.downstreamChanges(of: source, after: place, limit: FleetBounds.pageLimit)
    }

    private func count(_ source: DownstreamSource?) async throws -> Int {
        guard let source else { return try await store.groups(tier: nil).reduce(0) { $0 + $1.machines } }
        return try await store.countDownstreamMachines(MachineQuery(), among: [source])
    }
}
