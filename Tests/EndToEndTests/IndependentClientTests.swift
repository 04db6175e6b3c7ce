import Foundation
import Processes
import Testing

/// Another implementation of The Update Framework, against a real server.
@Suite(
    "The Python client of TUF", .serialized,
    .enabled(if: PythonClient.isThere, "the Python package tuf is not there: make tuf-python"))
struct IndependentClientTests {
    @Test("fetches a patch from the view of a token's tier, and from the origin repository, and nothing that another tier holds")
    func patch() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 2")
            try await above("patch promote 100.1 stable")
            let regional = try await here.downstream(
                "regional", of: origin.url, token: above.token("edge", "regional"), ["patch-sync.sync-tiers": "true"])
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let shown = try #require(try await names(middle, "100.1").first)
            let hidden = try #require(try await names(middle, "101.1").first)
            for (server, secret) in [
                (origin, try await above.token("stable", "python")), (regional, try await middle.token("stable", "python")),
            ] {
                let truth = try await ask(server.port, "GET", "/v1/patches/\(shown)", ["Authorization": "Bearer \(secret)"])
                for base in ["tiers/stable", "origins/origin-1"] {
                    let client = PythonClient(here, server, base: "/v1/sync/metadata/\(base)/", secret: secret)
                    let fetched = try await client.fetch(shown)
                    #expect(fetched.status == 0, "\(fetched)")
                    #expect(fetched.output == truth.header("etag").map { $0.filter(\.isHexDigit) + "\n" })
                    #expect(try await client.fetch(hidden).status != 0)
                }
                let earlier = PythonClient(here, server, base: "/v1/sync/metadata/tiers/edge/", secret: secret)
                #expect(try await earlier.root().status == 404, "the view of an earlier tier is not the token's")
            }
        }
    }
}

/// The Python implementation, in the folder that `make tuf-python` makes.
struct PythonClient {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let interpreter = root.appending(path: ".build-tuf-python/bin/python").path

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    private let here: Surroundings
    private let server: RunningServer
    private let base: String
    private let secret: String

    /// - Parameter base: where the repository's metadata is.
    init(_ here: Surroundings, _ server: RunningServer, base: String, secret: String) {
        self.here = here
        self.server = server
        self.base = base
        self.secret = secret
    }

    /// The repository's first root.
    func root() async throws -> RawAnswer {
        try await ask(server.port, "GET", "\(base)1.root.json", ["Authorization": "Bearer \(secret)"])
    }

    /// Begins with the first root, refreshes, and fetches a target.
    func fetch(_ target: String) async throws -> FinishedCommand {
        let folder = try here.folder("python-\(UUID().uuidString.prefix(8))")
        let root = "\(folder)/root.json"
        try Data(try await self.root().body).write(to: URL(filePath: root))
        let arguments = [
            Self.root.appending(path: "Tests/Support/tuf-python/fetch_patch.py").path, root, server.url + base,
            "\(server.url)/v1/sync/targets/", "\(folder)/work", target,
        ]
        let process = try ChildProcess(
            Self.interpreter, arguments, environment: here.environment(), directory: folder, input: Array(secret.utf8))
        let ending = try await process.end()
        return FinishedCommand(
            line: "fetch_patch.py \(target)", ending: ending, output: process.output.text, errors: process.errors.text)
    }
}
