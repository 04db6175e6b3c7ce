import Foundation
import LivepatchAPI
import LivepatchKit
import Processes
import ScriptedServer
import Synchronization
import Testing

/// Makes the fixture of this release: `Scripts/record-compatibility.sh`. Not a test.
@Suite("Recording for later releases")
struct CompatibilityRecording {
    static let folder = ProcessInfo.processInfo.environment["LIVEPATCH_RECORD_COMPATIBILITY"]

    @Test(.enabled(if: CompatibilityRecording.folder != nil, "only when a release is recorded")) func record() async throws {
        let folder = URL(filePath: try #require(Self.folder))
        try FileManager.default.createDirectory(at: folder.appending(path: "bodies"), withIntermediateDirectories: true)
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-then"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1,102.1 --kernels 1")
            try await above("patch promote 100.1 stable")
            try await above("patch promote 101.1 candidate")
            try await above("patch block 102.1 --reason recorded")
            try await above("kernels coverage set 5.15 generic amd64 --until 2999-12-31")
            let token = try await above.token("edge", "then")
            let exchanges = Mutex<[CompatibilityFixture.Exchange]>([])
            let relay = try await ScriptedServer.start { request in
                let (exchange, answer) = try await Self.pass(request, to: origin.port, keeping: folder)
                exchanges.withLock { $0.append(exchange) }
                return answer
            }
            let site = try await here.downstream(
                "site", of: relay.url, token: token,
                [
                    "patch-sync.sync-tiers": "true", "patch-sync.machine-count-strategy": "unit",
                    "patch-sync.send-machine-reports": "true",
                ])
            let below = try await site.administrator()
            try await below.firstSync()
            let name = try PatchFileName(parsing: try #require(try await names(below, "100.1").first))
            let kernel = MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
            let attachment = try await below("auth-token web stable --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
            try await machine(
                "then", at: site, attachment, MachineReport(kernel: kernel, patchState: .applied, patchVersion: name.version))
            try await below("sync trigger --wait")
            let tiers = try #require(try await below.json("tier list") as? [String: Any])
            let offers = try #require(tiers["tiers"] as? [[String: Any]]).map {
                (try #require($0["name"] as? String), try #require($0["versions"] as? [String]))
            }
            let time = Date()
            try await site.stop()
            await relay.stop()
            try await origin.stop()
            let recorded = exchanges.withLock { $0 }
            let roots = try recorded.filter { $0.path.hasSuffix("/1.root.json") }.compactMap(\.body).map(
                SHA256Digest.init(parsing:))
            #expect(!roots.isEmpty)
            let record = CompatibilityFixture.Record(
                time: time, release: Release.version, token: token, trustedRoots: Array(Set(roots)).sorted { "\($0)" < "\($1)" },
                offers: Dictionary(uniqueKeysWithValues: offers), exchanges: recorded)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .custom { date, encoder in
                var container = encoder.singleValueContainer()
                try container.encode(Timestamp.text(date))
            }
            try encoder.encode(record).write(to: folder.appending(path: "transcript.json"))
            try FileManager.default.copyItem(atPath: here.path("origin"), toPath: folder.appending(path: "data").path)
        }
    }

    private static func pass(
        _ request: ScriptedRequest, to port: Int, keeping folder: URL
    ) async throws -> (CompatibilityFixture.Exchange, ScriptedAnswer) {
        let passed = ["authorization", "livepatch-deployment", "if-none-match", "range", "if-range", "accept", "content-type"]
        let fields = request.headers.filter { passed.contains($0.name.lowercased()) }.map { ($0.name, $0.value) }
        let answer = try await ask(
            port, request.method, request.target, Dictionary(fields) { first, _ in first },
            body: String(decoding: request.body, as: UTF8.self))
        let kept = ["etag", "content-type", "accept-ranges", "content-range", "cache-control"]
        let answered = answer.headers.filter { kept.contains($0.name) }.map { ($0.name, $0.value) }
        let decisive = ["if-none-match", "range", "if-range", "content-type", "livepatch-deployment"]
        let exchange = CompatibilityFixture.Exchange(
            method: request.method, path: request.path,
            asked: Dictionary(fields.filter { decisive.contains($0.0.lowercased()) }) { first, _ in first },
            sent: try keep(request.body, in: folder), status: answer.status,
            answered: Dictionary(answered) { first, _ in first }, body: try keep(answer.body, in: folder))
        return (exchange, .status(answer.status, answer.body, headers: answered))
    }

    /// - Returns: under which name; `nil` for nothing.
    private static func keep(_ body: [UInt8], in folder: URL) throws -> String? {
        if body.isEmpty { return nil }
        let name = SHA256Digest(of: body).description
        try Data(body).write(to: folder.appending(path: "bodies/\(name)"))
        return name
    }
}
