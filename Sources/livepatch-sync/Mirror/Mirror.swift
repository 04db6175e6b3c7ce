import ArgumentParser
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

struct Mirror: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror", abstract: "Keeps a plain directory of verified patch files, for any web server.",
        discussion: """
            The directory holds the files that the token shows, under their names, and SHA256SUMS. A file appears only when it is \
            whole and checked; an interrupted run goes on where it was. A file that SHA256SUMS lists and that has the right length \
            counts as right; with --verify all are hashed.

            Nothing is deleted without --delete, and then only patch files that the upstream does not offer any more. Blocked patches \
            that are still there are pointed out at every run.

            Examples:
              livepatch-sync mirror /srv/www/patches
              livepatch-sync mirror /srv/www/patches --tier stable --delete --bandwidth-limit 10M
            """)

    @Argument(help: ArgumentHelp("The directory.", valueName: "dir"))
    var directory: String

    @OptionGroup var upstream: UpstreamOptions

    @Option(help: ArgumentHelp("A tier that the token shows; its own by default.", valueName: "name"), transform: tierName)
    var tier: TierName?

    @Flag(help: "Delete patch files that the upstream does not offer any more.")
    var delete = false

    @Flag(help: "Accept that this is more than patch-sync.max-removal-share of all.")
    var acceptRemovals = false

    @Flag(help: "Hash all files, also those that SHA256SUMS vouches for.")
    var verify = false

    func run() async throws {
        let console = Console.standard()
        let configuration = try upstream.load(on: console)
        let bar = ProgressBar("Mirroring", on: console)
        defer { bar.end() }
        let summary = try await ConfiguredUpstream.connected(
            configuration.sync, logger: upstream.logger(on: console, bar: bar, hiding: configuration)
        ) {
            upstream in
            let offer = try await upstream.offer(OfferWish(tier: tier))
            let directory = try PlainDirectory(directory)
            let mirroring = Mirroring(
                directory, deletes: delete, acceptsRemovals: acceptRemovals, verifies: verify,
                maximumRemovalShare: configuration.sync.maximumRemovalShare)
            return try await mirroring.run(offer, with: upstream.transfers(into: directory.storage), bar: bar)
        }
        bar.end()
        summary.outcome.tellFailures(on: console)
        tellSurplus(summary, on: console)
        try console.print(sentence(summary, console.humanText))
        if let status = summary.outcome.exitStatus { throw status.exit }
    }

    private func tellSurplus(_ summary: Mirroring.Summary, on console: Console) {
        let text = console.humanText
        if !summary.blocked.isEmpty {
            console.warn(
                "\(text.count(summary.blocked.count, "file")) of blocked patches still served from here: \(summary.blocked.joined(separator: ", ")). Run it with --delete."
            )
        } else if !summary.left.isEmpty {
            console.note("\(text.count(summary.left.count, "file")) no longer offered and left in place; --delete removes them.")
        }
    }

    private func sentence(_ summary: Mirroring.Summary, _ text: HumanText) -> String {
        let outcome = summary.outcome
        var parts = ["\(text.count(outcome.arrived.count, "file")) fetched", "\(outcome.present.count) there already"]
        if !outcome.failures.isEmpty { parts.append("\(outcome.failures.count) failed") }
        if !summary.deleted.isEmpty { parts.append("\(summary.deleted.count) deleted") }
        return parts.joined(separator: ", ") + "."
    }
}
