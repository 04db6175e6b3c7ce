import ArgumentParser
import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit
import Logging

struct BundleApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Syncs once from a bundle into a data directory, which a server may be serving.",
        discussion: """
            All of the bundle is verified first, and nothing is taken of one that does not verify. Then it is what a sync from the \
            server that made it would be, with the same settings (patch-sync.trusted-roots, sync-tiers, filters) and a report of its own. \
            Applied again it changes nothing; after a newer one it changes nothing; when it was interrupted, it goes on.

            The exit status is 0 if what the bundle holds is here, 65 for a bundle that is refused, 66 if one that it builds on is \
            missing, 75 if some files could not be had.

            Examples:
              livepatch-sync bundle apply /media/stick/patches.tar --data-dir /var/lib/livepatch --config /etc/livepatch/server.yaml
              livepatch-sync bundle apply patches.tar --data-dir ./data --max-age 90d --set patch-sync.sync-tiers=true
            """)

    @Argument(help: ArgumentHelp("The bundle.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The directory of the database and the patches (server.data-directory).", valueName: "dir"))
    var dataDir: String?

    @OptionGroup var age: MaximumAge

    @Flag(help: "Accept that the bundle shows much less than what is here.")
    var acceptRemovals = false

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let console = Console.standard()
        let configuration = try settings.server(dataDirectory: dataDir, on: console)
        let bundle = try PatchBundle(file: file)
        let verifying = ProgressBar("Verifying", on: console, silent: output.quiet)
        let applying = ProgressBar("Applying", on: console, silent: output.quiet)
        defer {
            verifying.end()
            applying.end()
        }
        verifying.update { $0.bytes = bundle.manifest.total(.included).bytes }
        let report = try await OpenDataDirectory.with(configuration) { directory in
            let sync = bundleSync(
                bundle, into: directory, configuration.sync,
                logger: settings.logger(on: console, bar: applying, hiding: configuration))
            return try await directory.sync(now: { Date() }, acceptsRemovals: acceptRemovals, progress: { _ in }) {
                removals, progress in
                await sync(removals).run(verified: { count in verifying.update { $0.bytesDone += count } }) { step in
                    verifying.end()
                    applying.update(TransferProgress(step))
                    progress(step)
                }
            }
        }
        verifying.end()
        applying.end()
        try report.show(output, on: console)
        if let status = report.exitStatus { throw status.exit }
    }

    private func bundleSync(
        _ bundle: PatchBundle, into directory: OpenDataDirectory, _ configuration: SyncConfiguration, logger: Logger
    ) -> @Sendable (_ acceptsRemovals: Bool) -> BundleSync {
        let tolerance = max(age.maxAge, configuration.freshnessTolerance)
        let upstream = BundleUpstream(bundle)
        let (catalog, storage, trust, deployment) = (directory.catalog, directory.storage, directory.trust, directory.deployment)
        let resources = SyncRun.Resources(
            upstream: upstream,
            reader: configuration.reader(
                of: upstream, catalog: catalog, trust: trust, tolerance: tolerance, logger: logger, now: { Date() }),
            catalog: catalog, tokens: directory.tokens, authTokens: directory.authTokens, storage: storage,
            transfers: Transfers(
                upstream: upstream, storage: storage,
                settings: Transfers.Settings(
                    concurrency: configuration.maximumTransfers, retry: RetryPolicy(attempts: 1),
                    bandwidth: BandwidthLimiter(bytesPerSecond: nil))),
            logger: logger, now: { Date() })
        let knowledge = BundleVerification.Knowledge(
            trust: trust, trustedRoots: Set(configuration.trustedRoots), tolerance: tolerance, storage: storage,
            filter: configuration.filter, now: { Date() })
        return { acceptsRemovals in
            BundleSync(
                bundle, knowledge: knowledge, request: configuration.request(deployment, acceptsRemovals: acceptsRemovals),
                resources: resources)
        }
    }
}
