import ConsoleRecording
import LivepatchConsole
import LivepatchKit
import LivepatchTesting
import ScriptedServer
import Synchronization
import Testing

@testable import livepatch_sync

@Suite struct `Listing what a token shows` {
    private func list(_ upstream: WireServer, _ wish: OfferWish = OfferWish(), filter: SyncFilter = .all) async throws -> [String]
    {
        let secret = try await upstream.domain.issue("edge", "list-\(UInt32.random(in: 0 ... .max))")
        let reader = PlainDocumentReader(upstream: upstream.domain.upstream(secret: secret), cache: NoDocumentCache())
        return try await OfferReader(reader, filter: filter).read(wish).files.map(\.name.description)
    }

    @Test func `each file is an entry of two lines`() async throws {
        try await withUpstream { upstream, _ async throws in
            let file = try await upstream.release("107.1")[0]
            let output = RecordedOutput()
            let console = Console(output: output, errorOutput: RecordedOutput(), environment: [:]) { file.released }
            try OutputOptions(format: .yaml).show([ListedFile(file: file)], empty: "", on: console)
            #expect(output.text == "- filename: \(file.name)\n  hash: \(file.digest)\n")
            #expect(try await List.run(upstream.options) == 0)
        }
    }

    @Test func `only what is wanted, offered, and let through is listed`() async throws {
        try await withUpstream { upstream, _ async throws in
            try await upstream.release("107.1", abis: 100...101)
            try await upstream.release("108.1", abis: 100...100, flavour: "aws")
            try await upstream.release("109.1")
            try await upstream.block("109.1")
            #expect(try await list(upstream).count == 3)
            #expect(try await list(upstream, OfferWish(files: { $0.flavour.rawValue == "aws" })).count == 1)
            #expect(try await list(upstream, OfferWish(versions: { $0 == PatchVersion(107, 1) })).count == 2)
            #expect(try await list(upstream, filter: SyncFilter(flavours: [Flavour(parsing: "generic")])).count == 2)
            let wish = OfferWish(tier: try TierName(parsing: "stable"))
            #expect(await code { _ = try await list(upstream, wish) } == .upstreamEmpty)
            let unknown = OfferWish(tier: try TierName(parsing: "gold"))
            #expect(await code { _ = try await list(upstream, unknown) } == .tierUnknown)
        }
    }

    @Test func `a busy upstream is asked again`() async throws {
        try await withUpstream { upstream, _ async throws in
            try await upstream.release("107.1")
            let isFirst = Mutex(true)
            upstream.spoil { _, answer in
                isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst ? .status(503, headers: [("Retry-After", "0")]) : answer
                }
            }
            #expect(try await List.run(upstream.options) == 0)
        }
    }

    @Test func `what is not proven to come from a trusted root is not listed`() async throws {
        try await withUpstream { upstream, _ async throws in
            try await upstream.release("107.1")
            let edge = try TierName(parsing: "edge")
            var roots: [String] = []
            for repository in [MetadataRepository.origin(upstream.domain.deployment), .view(edge)] {
                let root = try await upstream.domain.publisher.metadata(MetadataFile("1.root.json", of: repository), for: edge)
                roots.append(SHA256Digest(of: try #require(root)).description)
            }
            func trusting(_ roots: [String]) -> [String] {
                upstream.options + ["--set", "patch-sync.trusted-roots=\(roots.joined(separator: ","))"]
            }
            #expect(try await List.run(trusting(roots)) == 0)
            // Of the tiers' root nothing is said.
            for wrong in [[roots[0]], [String(repeating: "0", count: 64)]] {
                #expect(await code { _ = try await List.run(trusting(wrong)) } == .upstreamUntrusted)
            }
            for name in [".tier-edge.json", ".patch-107.1.json"] {
                upstream.spoil { request, answer in request.path.hasSuffix(name) ? answer.corrupted(at: 100) : answer }
                #expect(await code { _ = try await List.run(upstream.options) } == .upstreamUntrusted, "\(name)")
            }
        }
    }
}
