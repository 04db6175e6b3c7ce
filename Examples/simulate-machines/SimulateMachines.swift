import ArgumentParser
import Foundation
import LivepatchHTTP
import LivepatchKit
import PatchGenerator

/// Has simulated machines check in.
@main struct SimulateMachines: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate-machines",
        abstract: "Has simulated machines check in with their servers.",
        discussion: """
            They run the kernels that generate-patches makes patches for, take what they
            are offered, and give up what is revoked. Examples:
              simulate-machines fleet --server http://127.0.0.1:8080 --token-file machines.token --add 100
              simulate-machines fleet
              simulate-machines fleet --failing 109.1 --failing-kernels 5.4
            """)

    @Argument(help: "The file that keeps the machines, with their tokens; it is made where it is missing.", completion: .file())
    var fleet: String

    @Option(help: "How many machines to attach before all of them check in.")
    var add = 0

    @Option(help: "The server that they are attached to.")
    var server: String?

    @Option(help: "A file that holds an auth token of that server.", completion: .file())
    var tokenFile: String?

    @Option(help: "How many kernels there are, as with generate-patches.")
    var kernels = 3

    @Option(help: "A patch version that cannot be applied …")
    var failing: String?

    @Option(help: "… to kernels of this series, such as 5.4.")
    var failingKernels: String?

    func run() async throws {
        var fleet = try SimulatedFleet(in: fleet)
        if add > 0 {
            fleet.machines += try await attached(from: fleet.machines.count)
            // Whatever happens next, the tokens are told only once.
            try fleet.save()
        }
        let mishap = try mishap()
        try await fleet.forEach { try await $0.checkIn(mishap) }
        try fleet.save()
        for line in fleet.summary { print(line) }
    }

    private func attached(from first: Int) async throws -> [SimulatedMachine] {
        guard let server, let tokenFile else { throw ValidationError("New machines need --server and --token-file.") }
        let address = try ServerAddress(parsing: server)
        let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let versions = try PatchNames.kernels(kernels)
        let flavour = try Flavour(parsing: "generic")
        let start = Date()
        return try await SimulatedFleet.inParallel(Array(first..<(first + add))) { number in
            let kernel = MachineKernel(version: versions[number % versions.count], flavour: flavour, architecture: .amd64)
            return try await SimulatedMachine.attach(
                MachineID(parsing: "simulated-\(number)"), kernel: kernel, booted: start - Double(3600 + 60 * number),
                to: address, with: token)
        }
    }

    private func mishap() throws -> Mishap? {
        guard let failing, let failingKernels else { return nil }
        return Mishap(version: try PatchVersion(parsing: failing), kernels: try KernelSeries(parsing: failingKernels))
    }
}
