public import ArgumentParser
import Foundation
import LivepatchKit
public import PatchGenerator

/// Writes synthetic patch files into a directory.
@main struct GeneratePatches: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-patches",
        abstract: "Writes synthetic patch files, true to form, into a directory.",
        discussion: """
            The same options and seed give the same bytes. Examples:
              generate-patches /tmp/patches --versions 100.1,101.1 --kernels 4 --flavours generic,lowlatency
              generate-patches /tmp/many --version-count 50 --kernels 100 --size 4K
              generate-patches /tmp/broken --count 1 --fault truncated
            """)

    @Argument(help: "Where the files go; it is made where it is missing.", completion: .directory)
    var directory: String

    @Option(help: "Patch versions, with commas.")
    var versions: String?

    @Option(help: "How many patch versions, from 100.1 on, where --versions does not name them.")
    var versionCount = 1

    @Option(help: "How many kernels, of several series in turn.")
    var kernels = 4

    @Option(help: "Flavours, with commas.")
    var flavours = "generic"

    @Option(help: "Architectures, with commas: amd64, arm64, s390x, ppc64el.")
    var architectures = "amd64"

    @Option(help: "How large a file is, roughly: 20K, 2M or bytes.")
    var size = "20K"

    @Option(help: "What everything follows from.")
    var seed: UInt64 = 1

    @Option(help: "The most files to make.")
    var count: Int?

    @Option(help: "What is to be wrong with each: \(PatchFault.allCases.map(\.rawValue).joined(separator: ", ")).")
    var fault: PatchFault?

    @Flag(help: "Print the name of each file.")
    var list = false

    func run() async throws {
        let names = try PatchNames(
            versions: versions.map { try Self.parts($0).map(PatchVersion.init(parsing:)) } ?? PatchNames.versions(versionCount),
            kernels: PatchNames.kernels(kernels),
            flavours: Self.parts(flavours).map(Flavour.init(parsing:)),
            architectures: Self.parts(architectures).map(Architecture.init(parsing:)))
        let generator = PatchGenerator(seed: seed, codeBytes: try Self.bytes(size))
        let total = max(0, min(count ?? .max, names.count))
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let written = try await withThrowingTaskGroup(of: Int.self) { [directory, fault] group in
            for worker in 0..<workers {
                group.addTask {
                    var written = 0
                    for index in stride(from: worker, to: total, by: workers) {
                        let name = names[index]
                        let bytes = try generator.file(name, fault: fault)
                        try Data(bytes).write(to: URL(fileURLWithPath: directory).appendingPathComponent("\(name)"))
                        written += bytes.count
                    }
                    return written
                }
            }
            return try await group.reduce(0, +)
        }
        if list { for index in 0..<total { print(names[index]) } }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            "\(total) \(total == 1 ? "file" : "files") with \(written) bytes in \(directory), "
                + "made in \(String(format: "%.1f", seconds)) s from seed \(seed).")
    }

    private static func parts(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func bytes(_ text: String) throws -> Int {
        let factors: [Character: Int] = ["K": 1 << 10, "M": 1 << 20]
        let factor = text.last.flatMap { factors[$0] }
        guard let number = Int(factor == nil ? text[...] : text.dropLast()), (0...(1 << 20)).contains(number) || factor == nil,
            case let bytes = number * (factor ?? 1), (64...(100 << 20)).contains(bytes)
        else { throw ValidationError("'\(text)' is not a size; write it like 20K, 2M or 500000, up to 100M.") }
        return bytes
    }
}

extension PatchFault: ExpressibleByArgument {}
