import Foundation
import LivepatchArchive
import LivepatchKit
import PatchGenerator

/// Imports: reading archives, checking modules, storing and cataloguing; against storing the same bytes alone.
struct ImportBenchmark {
    let bench: Workbench

    /// As many as `livepatch-admin patch import` uploads at once.
    private static let atOnce = 3

    func run() async throws -> [Figure] {
        let count = bench.scale.importedFiles
        bench.say("imports: making \(count) patch files of 20 KiB…")
        let names = PatchNames(
            versions: [PatchVersion(107, 1)], kernels: try PatchNames.kernels((count + 9) / 10),
            flavours: try (0..<10).map { try Flavour(parsing: "flavour\($0)") })
        let generator = PatchGenerator(codeBytes: 20_000)
        let files = try (0..<count).map { (name: names[$0], bytes: try generator.file(names[$0])) }
        var imported: [Double] = []
        var stored: [Double] = []
        for round in 1...bench.scale.rounds {
            bench.say("imports: round \(round) of \(bench.scale.rounds)")
            stored.append(
                try await inDirectory { stores in
                    try await bench.time {
                        try await eachOf(files) { _ = try await stores.store($0.bytes) }
                        try await stores.storage.synchronize()
                    }
                })
            imported.append(
                try await inDirectory { stores in
                    let imports = PatchImport(
                        catalog: stores.catalog, storage: stores.storage, archive: TarballReader(), lock: stores.lock,
                        now: { Date() })
                    return try await bench.time {
                        try await eachOf(files) { file in
                            let chunks = AsyncStream { continuation in
                                continuation.yield(file.bytes)
                                continuation.finish()
                            }
                            _ = try await imports.receive("\(file.name)", metadata: PatchMetadata(), chunks: chunks, by: "bench")
                        }
                    }
                })
        }
        let perSecond = { (seconds: Double) in Double(count) / seconds }
        return [
            Figure(
                "import, files of 20 KiB", .perSecond, imported.map(perSecond), against: "storing them only",
                stored.map(perSecond))
        ]
    }

    private func inDirectory(_ body: (Stores) async throws -> Double) async throws -> Double {
        defer { bench.remove("import") }
        let stores = try Stores(at: bench.path("import"))
        let seconds = try await body(stores)
        try stores.close()
        return seconds
    }

    private func eachOf<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<Self.atOnce {
                group.addTask {
                    for index in stride(from: worker, to: elements.count, by: Self.atOnce) { try await body(elements[index]) }
                }
            }
            try await group.waitForAll()
        }
    }
}
