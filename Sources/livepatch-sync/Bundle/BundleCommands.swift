import ArgumentParser

/// The commands about bundles. They are called `bundle`; a type of that name there is in Foundation.
struct BundleCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Carries patches past an air gap, in one file.",
        discussion: """
            A bundle holds what a sync token for one tier would show: documents, signed metadata, and the content that the other side \
            lacks. It is a tar archive without compression, and applied as a sync is.

            Examples:
              livepatch-sync bundle create --data-dir /var/lib/livepatch --tier stable --incremental /media/stick/patches.tar
              livepatch-sync bundle apply /media/stick/patches.tar --data-dir /var/lib/livepatch
            """,
        subcommands: [BundleCreate.self, BundleApply.self, BundleInspect.self, BundleVerify.self])
}
