import ArgumentParser
import FoundationEssentials
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

struct BundleVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verifies all of a bundle, and changes nothing.",
        discussion: """
            With --data-dir it is judged by what is trusted and held there, as `bundle apply` would judge it. Without, it is judged by \
            patch-sync.trusted-roots; where that is not set either, by itself alone, and the roots that it begins with are named, to be \
            compared with those of the servers that sign.

            Examples:
              livepatch-sync bundle verify patches.tar
              livepatch-sync bundle verify patches.tar --data-dir /var/lib/livepatch --config /etc/livepatch/server.yaml
            """)

    @Argument(help: ArgumentHelp("The bundle.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The data directory whose trust counts.", valueName: "dir"))
    var dataDir: String?

    @OptionGroup var age: MaximumAge
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let console = Console.standard()
        let configuration = try settings.server(dataDirectory: dataDir, on: console)
        let bundle = try PatchBundle(file: file)
        let sync = configuration.sync
        var knowledge = BundleVerification.Knowledge(
            trustedRoots: Set(sync.trustedRoots), tolerance: max(age.maxAge, sync.freshnessTolerance), filter: sync.filter,
            now: { Date() })
        guard dataDir != nil else { return try await verify(bundle, knowledge, on: console) }
        try OpenDataDirectory.require(configuration)
        try await OpenDataDirectory.with(configuration) { directory in
            knowledge.trust = directory.trust
            knowledge.storage = directory.storage
            try await verify(bundle, knowledge, on: console)
        }
    }

    private func verify(_ bundle: PatchBundle, _ knowledge: BundleVerification.Knowledge, on console: Console) async throws {
        let bar = ProgressBar("Verifying", on: console)
        defer { bar.end() }
        let included = bundle.manifest.total(.included)
        bar.update { $0.bytes = included.bytes }
        let verification = BundleVerification(bundle, knowledge: knowledge)
        let outcome = try await verification.documents()
        try await verification.contents(progress: { count in bar.update { $0.bytesDone += count } })
        bar.end()
        let text = console.humanText
        for root in outcome.newRoots {
            console.note(
                "The root \(root.fingerprint) of \(root.repository) is not trusted yet. Compare it with what `livepatch-admin trust status` shows on that server."
            )
        }
        if outcome.proof == nil { console.warn("Nothing in it is signed: whoever had it in hands can have changed it.") }
        if let proof = outcome.proof { console.note(proof.sentence(at: console.now())) }
        if outcome.isSuperseded { console.note("Something newer has been applied or synced into '\(dataDir ?? "")' already.") }
        if outcome.missing > 0 {
            console.warn("\(text.count(outcome.missing, "file")) are missing in it: the server that made it did not have them.")
        }
        try console.print(
            "\(bundle.name), tier '\(bundle.manifest.tier)', is whole and verified: \(text.count(included.count, "file")) (\(text.size(included.bytes)))."
        )
    }
}
