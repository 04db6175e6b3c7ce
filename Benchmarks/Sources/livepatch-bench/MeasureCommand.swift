import ArgumentParser
import Foundation
import LivepatchKit

/// Measures.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measure, and print a table of ratios. What no command is named for.",
        discussion: """
            Small by default, in minutes; with --full as large as what is promised. Servers are compared with nginx, and transfers \
            with rsync, curl, aria2c and cp; what is not installed is left out, and said. Examples:
              livepatch-bench
              livepatch-bench --full --json results.json
              livepatch-bench --only downloads
            """)

    /// What can be measured.
    enum Subject: String, CaseIterable, ExpressibleByArgument {
        case push, tree, listeners, imports, syncs, first, downloads, checkIns = "check-ins", fleet, instructions
    }

    @Flag(help: "Measure at full size.")
    var full = false

    @Option(
        help: "Measure only this: \(Subject.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.")
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
        var failures = 0
        for subject in only.isEmpty ? Subject.allCases : only {
            do {
                figures += try await measure(subject, bench)
            } catch {
                bench.say("\(subject.rawValue): \(error)")
                failures += 1
            }
            // What was measured is not lost with what comes after.
            if let json { try FigureFile(path: json).write(figures) }
        }
        print("")
        print(FigureTable(figures).lines.joined(separator: "\n"))
        if failures > 0 { throw ExitCode.failure }
    }

    private func measure(_ subject: Subject, _ bench: Workbench) async throws -> [Figure] {
        switch subject {
        case .push: try await PushBenchmark(bench: bench).run()
        case .tree: try await TreeBenchmark(bench: bench).run()
        case .listeners: try await ListenerBenchmark(bench: bench).run()
        case .imports: try await ImportBenchmark(bench: bench).run()
        case .syncs: try await SyncCostBenchmark(bench: bench).run()
        case .first: try await FirstSyncBenchmark(bench: bench).run()
        case .checkIns: try await CheckInBenchmark(bench: bench).run()
        case .fleet: try await FleetBenchmark(bench: bench).run()
        case .instructions: try await InstructionBenchmark(bench: bench).run()
        case .downloads: try await DownloadBenchmark(bench: bench).run()
        }
    }

    private static func programBeside(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    }
}
