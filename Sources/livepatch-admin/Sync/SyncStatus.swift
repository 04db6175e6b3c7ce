import ArgumentParser
import FoundationEssentials
public import LivepatchAPI
public import LivepatchConsole
import LivepatchKit

struct SyncStatus: AdminCommand {
    static let configuration = CommandConfiguration(
        "status", "Shows where patches come from, and how the sync is doing.",
        does: "Shows the upstream and its route, the filter, the sync under way, and the last one.",
        examples: ["sync status", "sync status --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        try output.show(try await context.server.syncStatus(), on: context.console)
    }
}

extension SyncStatusBody: Detailed {
    public var quietValue: String { deployment.description }

    public func details(_ text: HumanText) -> [Detail] {
        var details = [
            Detail("Deployment", Cell(deployment)),
            Detail("Sync", enabled ? Cell("enabled", .good) : Cell("not enabled (patch-sync.enabled)", .faint)),
            Detail("Upstream", Cell(listing: upstreams)),
            Detail("Route", Cell(route)),
            Detail("Tiers", Cell(syncTiers ? "those of the upstream (patch-sync.sync-tiers)" : "this server's own")),
            Detail("Filter", Cell(filter.words)),
            Detail("Interval", Cell(intervalSeconds.map { text.duration(seconds: $0) })),
        ]
        if enabled { details.append(Detail("Content", contentWords(text))) }
        for listening in listening ?? [] {
            let words =
                listening.since.map { Cell("to \(listening.upstream), since \(text.time($0))", .good) }
                ?? Cell("not to \(listening.upstream)\(listening.problem.map { ": \($0)" } ?? "")", .warning)
            details.append(Detail("Listening", words))
        }
        if let running { details.append(Detail("Under way", Cell(words(running, text)))) }
        if let last {
            let reason = last.failures.first.map { ": \($0.message)" } ?? ""
            details.append(Detail("Last", Cell("\(last.result.rawValue), \(text.time(last.ended))\(reason)")))
        }
        details.append(Detail("Last success", Cell(text.time(lastSuccess, missing: "never"))))
        if let propagationSeconds {
            details.append(Detail("Last change", Cell("here \(text.duration(seconds: propagationSeconds)) after it was signed")))
        }
        if let next { details.append(Detail("Next", Cell(text.time(next)))) }
        return details
    }

    private func contentWords(_ text: HumanText) -> Cell {
        let rest = awaitedFiles.map { ", \(text.count($0, "file")) not fetched yet" } ?? ""
        guard mode == .onDemand else { return Cell("fetched in the sync\(rest)") }
        return Cell("fetched when it is first asked for (patch-sync.mode)\(rest)")
    }

    private func words(_ progress: SyncProgress, _ text: HumanText) -> String {
        let line = ProgressLine(
            title: progress.phase.rawValue, progress: TransferProgress(progress), rate: TransferRate(), text: text)
        return progress.phase == .planning ? "\(progress.phase.rawValue), since \(text.time(progress.started))" : line.summary()
    }
}

extension SyncFilter {
    /// What it takes, in words.
    fileprivate var words: String {
        var parts: [String] = []
        if !architectures.isEmpty { parts.append("architectures \(listed(architectures))") }
        if !flavours.isEmpty { parts.append("flavours \(listed(flavours))") }
        if let minimumKernel { parts.append("kernels from \(minimumKernel) on") }
        return parts.isEmpty ? "everything" : parts.joined(separator: "; ")
    }

    private func listed<Value: Comparable & CustomStringConvertible>(_ values: Set<Value>) -> String {
        values.sorted().map(\.description).joined(separator: ", ")
    }
}
