import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct SyncTrigger: AdminCommand {
    static let configuration = CommandConfiguration(
        "trigger", "Starts a sync now, or joins the one under way.",
        does: """
            With --wait it shows how far the sync is, and what it did. The exit status is 0 for a sync that was complete or found \
            nothing new, 75 for one that could not have every file, and that of the failure for one that failed.

            A sync is refused if the upstream shows much less than before, so that a mistake there does not empty this server; if that \
            is meant, say --accept-removals.
            """,
        examples: ["sync trigger", "sync trigger --wait", "sync trigger --wait --accept-removals"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Wait for the end of the sync.")
    var wait = false

    @Flag(help: "Accept that the upstream shows much less than before.")
    var acceptRemovals = false

    func run(_ context: AdminContext) async throws {
        let console = context.console
        let bar = ProgressBar("Syncing", on: console, silent: output.quiet)
        defer { bar.end() }
        for try await event in try await context.server.triggerSync(wait: wait, acceptRemovals: acceptRemovals) {
            switch event {
            case .started(let joined):
                if !wait, output.format != .table { return try output.show(document: event, on: console) }
                if !output.quiet, !wait || joined { console.note(Self.sentence(joined: joined, wait: wait)) }
                if !wait { return }
            case .progress(let progress): bar.update(TransferProgress(progress))
            case .problem(let problem): throw problem.error
            case .ended(let report):
                bar.end()
                try output.show(report, on: console)
                if let status = report.exitStatus { throw status.exit }
                return
            }
        }
        throw LivepatchError(
            .serverUnreachable, "The server stopped telling how far the sync is before it was over.",
            suggestion: "It may go on there; see `livepatch-admin sync status`.")
    }

    private static func sentence(joined: Bool, wait: Bool) -> String {
        let begin = joined ? "A sync was under way already" : "A sync was started"
        return wait ? "\(begin)." : "\(begin); see `livepatch-admin sync status`."
    }
}

extension SyncReport {
    /// The exit status of a sync that did not do everything; `nil` for one that did.
    var exitStatus: ExitStatus? {
        switch result {
        case .unchanged, .complete: nil
        case .partial: .temporaryFailure
        case .failed:
            failures.first.map { ErrorDisposition(of: LivepatchError.Code(rawValue: $0.code)).exit } ?? .failure
        }
    }
}
