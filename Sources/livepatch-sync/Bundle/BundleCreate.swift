import ArgumentParser
import FoundationEssentials
import LivepatchArchive
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

struct BundleCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a bundle of what a tier shows.",
        discussion: """
            A server may be serving the data directory meanwhile. Run it as the user that the server runs as, with the server's \
            settings. The file has its name only when it is whole; with - it goes to standard output.

            With --incremental, content is left out that was in the last bundle which was made from this data directory for that tier, \
            or in one before it. A bundle that went to standard output does not count as made: nobody here knows whether it arrived.

            Examples:
              livepatch-sync bundle create --data-dir /var/lib/livepatch --tier stable patches.tar
              livepatch-sync bundle create --data-dir /var/lib/livepatch --tier stable --incremental patches-2.tar
              livepatch-sync bundle create --data-dir /var/lib/livepatch --tier stable --since patches.tar - | ssh courier 'cat > p.tar'
            """)

    @Argument(help: ArgumentHelp("The bundle's file, or - for standard output.", valueName: "out"))
    var output: String

    @Option(help: ArgumentHelp("The server's data directory (server.data-directory).", valueName: "dir"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp("The tier whose patches, and those of later tiers, are shown.", valueName: "name"), transform: tierName
    )
    var tier: TierName

    @Option(help: ArgumentHelp("Leave out what this bundle, or one that it builds on, holds.", valueName: "bundle"))
    var since: String?

    @Flag(help: "Leave out what the last bundle that was made here holds.")
    var incremental = false

    @Flag(name: .shortAndLong, help: "Say nothing that is no warning.")
    var quiet = false

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if since != nil, incremental { throw ValidationError("--since and --incremental do not go together.") }
    }

    func run() async throws {
        let console = Console.standard()
        let configuration = try settings.server(dataDirectory: dataDir, on: console)
        try OpenDataDirectory.require(configuration)
        let bar = ProgressBar("Bundling", on: console, silent: quiet)
        defer { bar.end() }
        let (plan, awaited) = try await OpenDataDirectory.with(configuration) { directory in
            let ledger = BundleLedger(at: directory.layout.bundles)
            let creation = try await creation(directory, configuration)
            // What is bundled must not be taken for garbage.
            return try await directory.layout.storageLock().withShared {
                let base = try await base(ledger, console)
                let plan = try await creation.plan(tier, since: base, id: BundleID(UUID()), created: console.now())
                bar.update { $0.bytes = plan.manifest.total(.included).bytes }
                try await write(plan, creation, bar)
                if output != "-" { try await ledger.remember(plan.manifest) }
                let missing = plan.manifest.contents.filter { $0.place == .missing }.flatMap(\.files)
                return (plan, try await directory.catalog.files(named: missing).count { $0.isAwaited })
            }
        }
        bar.end()
        try tell(plan, awaited: awaited, on: console)
    }

    /// The publisher that the server has, with the same keys.
    private func creation(_ directory: OpenDataDirectory, _ configuration: ServerConfiguration) async throws -> BundleCreation {
        let sync = configuration.sync
        let last = try await directory.catalog.syncState()
        guard !last.mirrorsTiers || sync.mirrorsTiers || settings.config != nil || !settings.settings.isEmpty else {
            throw LivepatchError(
                .configurationInvalid,
                "The tiers in '\(directory.layout.path)' are mirrored from another server, and patch-sync.sync-tiers is not set here.",
                suggestion: "Give the server's settings, with --config, or --set patch-sync.sync-tiers=true or false.")
        }
        let tiers = TierStateCache(catalog: directory.catalog)
        let metadata = configuration.metadataPublisher(
            catalog: directory.catalog, tiers: tiers, storage: directory.trust,
            keys: DirectoryTrustKeyStore(at: directory.layout.keys), lock: try directory.layout.publicationLock(),
            beginsAnew: false, now: { Date() })
        return BundleCreation(
            publisher: PlainDocumentPublisher(
                catalog: directory.catalog, tiers: tiers, metadata: metadata, coverage: directory.coverage),
            storage: directory.storage, deployment: directory.deployment)
    }

    private func base(_ ledger: BundleLedger, _ console: Console) async throws -> BundleManifest? {
        if let since { return try PatchBundle.manifest(of: TarBundle(BundleFile.open(since))) }
        guard incremental else { return nil }
        let last = try await ledger.last(tier)
        if last == nil { console.note("No bundle of the tier '\(tier)' was made here before: this one holds everything.") }
        return last
    }

    private func write(_ plan: BundleCreation.Plan, _ creation: BundleCreation, _ bar: ProgressBar) async throws {
        let file = try output == "-" ? BundleOutput.standardOutput : BundleOutput(output)
        let sink = TarBundleWriter(modified: plan.manifest.created) { try await file.write($0) }
        do {
            try await creation.write(plan, to: sink) { count in bar.update { $0.bytesDone += count } }
            try await file.finish()
        } catch {
            await file.discard()
            throw error
        }
    }

    /// - Parameter awaited: how many of the files that are missing were never fetched.
    private func tell(_ plan: BundleCreation.Plan, awaited: Int, on console: Console) throws {
        let (manifest, text) = (plan.manifest, console.humanText)
        let missing = manifest.contents.filter { $0.place == .missing }
        if !missing.isEmpty {
            console.warn(
                "\(text.count(missing.count, "file")) that this server shows, but does not have, could not be bundled: "
                    + missing.flatMap(\.files).prefix(5).map(\.description).joined(separator: ", ")
                    + (missing.count > 5 ? ", …" : "") + ".")
            if awaited > 0 {
                console.warn(
                    "\(text.count(awaited, "file")) of these are fetched when they are first asked for (patch-sync.mode): create bundles on a server that has everything."
                )
            }
        }
        if plan.proof == nil { console.warn("Nothing in it is signed: whoever has it in hands can change it.") }
        if quiet { return }
        let (included, earlier) = (manifest.total(.included), manifest.total(.earlier))
        var parts = ["\(text.count(included.count, "file")) (\(text.size(included.bytes)))"]
        if let base = manifest.base { parts.append("\(earlier.count) more are in the \(base) or before it") }
        if let proof = plan.proof { parts.append("proven until \(Timestamp.text(proof.end))") }
        let line = "\(manifest.reference), tier '\(manifest.tier)' of \(manifest.deployment): \(parts.joined(separator: ", "))"
        if output == "-" { console.note(line) } else { try console.print("\(output): \(line)") }
    }
}
