import ArgumentParser
import FoundationEssentials
import LivepatchConsole
import LivepatchKit

struct BundleInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Says what a bundle claims to be and to hold.",
        discussion: """
            Nothing is verified but that the file is whole: `bundle verify` does that. As JSON or YAML the whole list is printed.

            Examples:
              livepatch-sync bundle inspect patches.tar
              livepatch-sync bundle inspect patches.tar --format json
            """)

    @Argument(help: ArgumentHelp("The bundle.", valueName: "file"))
    var file: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let bundle = try PatchBundle(file: file)
        try output.show(InspectedBundle(manifest: bundle.manifest, proof: try bundle.claimedProof()), on: Console.standard())
    }
}

/// A bundle with its particulars; as a document its list.
struct InspectedBundle: Detailed {
    let manifest: BundleManifest
    let proof: BundleProof?

    var quietValue: String { manifest.id.description }

    func details(_ text: HumanText) -> [Detail] {
        func total(_ place: BundleManifest.Content.Place) -> Cell {
            let total = manifest.total(place)
            return Cell("\(text.count(total.count, "file")) (\(text.size(total.bytes)))")
        }
        return [
            Detail("Bundle", Cell(manifest.id.description)),
            Detail("Created", Cell("\(Timestamp.text(manifest.created)) (\(text.time(manifest.created)))")),
            Detail("Server", Cell(manifest.deployment.description)), Detail("Tier", Cell(manifest.tier.description)),
            Detail("Builds on", Cell(manifest.base)), Detail("Documents", Cell("\(manifest.documents.count)")),
            Detail("Content", total(.included)), Detail("Content in earlier bundles", total(.earlier)),
            Detail("Content that was missing", total(.missing)),
            Detail("Proven until", Cell(proof.map { "\(Timestamp.text($0.end)) (\(text.time($0.end)))" })),
        ]
    }

    func encode(to encoder: any Encoder) throws { try manifest.encode(to: encoder) }
}
