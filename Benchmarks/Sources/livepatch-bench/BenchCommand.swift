import ArgumentParser
import Foundation
import LivepatchKit

/// Measures imports, syncs, downloads and pushed changes.
@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-bench",
        abstract: "Measures imports, syncs, downloads and pushes, each against what it cannot be faster than.",
        discussion: """
            Small by default, in minutes; with --full a catalogue of 50,000 files. Downloads are compared with nginx, and need \
            nginx and wrk. Examples:
              livepatch-bench
              livepatch-bench --full --json results.json
              livepatch-bench --only downloads
            """)

    /// What can be measured.
    enum Subject: String, CaseIterable, ExpressibleByArgument {
        case imports, syncs, downloads, push
    }

    @Flag(help: "Measure a catalogue of 50,000 files.")
    var full = false

    @Option(help: "Measure only this: imports, syncs, downloads or push. May be repeated.")
    var only: [Subject] = []

    @Option(help: ArgumentHelp("Write the figures to a file as well.", valueName: "file"), completion: .file())
    var json: String?

    @Option(help: ArgumentHelp("The server to measure; by default the one beside this program.", valueName: "file"))
    var server: String?

    @Option(help: ArgumentHelp("Where to work; by default a temporary directory.", valueName: "directory"))
    var directory: String?

    func run() async throws {
        let bench = try Workbench(
            directory: directory, server: server ?? Self.programBeside("livepatch-server"), scale: full ? .full : .small)
        defer { bench.clear() }
        var figures: [Figure] = []
        for subject in only.isEmpty ? Subject.allCases : only {
            switch subject {
            case .imports: figures += try await ImportBenchmark(bench: bench).run()
            case .syncs: figures += try await SyncBenchmark(bench: bench).run()
            case .push: figures += try await PushBenchmark(bench: bench).run() + ListenerBenchmark(bench: bench).run()
            case .downloads: figures += try await DownloadBenchmark(bench: bench).run()
            }
        }
        print("")
        print(FigureTable(figures).lines.joined(separator: "\n"))
        if let json {
            try Data(DocumentCoding.encode(figures)).write(to: URL(filePath: json))
        }
    }

    private static func programBeside(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    }
}
