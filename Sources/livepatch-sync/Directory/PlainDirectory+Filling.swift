import LivepatchComposition
import LivepatchConsole
import LivepatchKit

extension PlainDirectory {
    /// Fetches files into this directory. One that is there, of the right content, is not fetched again.
    /// - Parameter finish: what is done with them before anybody else may fill the directory.
    func fill(
        from upstream: ConfiguredUpstream, _ files: [PatchFile], bar: ProgressBar,
        finish: (Download.Outcome) async throws -> Download.Outcome = { $0 }
    ) async throws -> Download.Outcome {
        try await exclusively {
            let download = Download(into: self, with: upstream.transfers(into: storage), bar: bar)
            let outcome = try await download.run(files) { file in
                let name = file.name.description
                return try length(of: name) == file.length && digest(of: name) == file.digest
            }
            let finished = try await finish(outcome)
            await tidy()
            return finished
        }
    }

    /// A path as a person reads it: without `./`.
    static func joined(_ directory: String, _ name: String) -> String { directory == "." ? name : "\(directory)/\(name)" }
}
