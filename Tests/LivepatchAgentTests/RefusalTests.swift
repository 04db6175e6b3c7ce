import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import Testing

@Suite struct `An agent refuses` {
    /// A lie of the server's.
    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        let offer: @Sendable (CheckInAnswer.Offer) throws -> PatchFile
    }

    static let lies: [Lie] = [
        Lie(testDescription: "another kernel's file", words: "not for the running kernel") { _ in
            PatchFile(
                name: try Bench.name("107.1", kernel: "5.15.0-108.118"), length: 9, digest: SHA256Digest(of: [1]),
                released: .distantPast)
        },
        Lie(testDescription: "another flavour's file", words: "not for the running kernel") { _ in
            PatchFile(
                name: try Bench.name("107.1", flavour: "aws"), length: 9, digest: SHA256Digest(of: [1]), released: .distantPast)
        },
        Lie(testDescription: "other content", words: "other content") { offer in
            PatchFile(name: offer.filename, length: offer.length, digest: SHA256Digest(of: [1]), released: offer.released)
        },
        Lie(testDescription: "another length", words: "other content") { offer in
            PatchFile(name: offer.filename, length: offer.length + 1, digest: offer.sha256, released: offer.released)
        },
        Lie(testDescription: "a version that nobody released", words: "does not hold") { offer in
            PatchFile(name: try Bench.name("199.9"), length: 9, digest: SHA256Digest(of: [1]), released: offer.released)
        },
    ]

    @Test(arguments: lies) func `what a server says without proof`(lie: Lie) async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.server.falsify { _, answer in
            var answer = answer
            if let offer = answer.patch { answer.patch = CheckInAnswer.Offer(try lie.offer(offer), url: "") }
            return answer
        }
        let outcome = try await bench.round()
        #expect(outcome.state == .checkFailed && outcome.code == .upstreamUntrusted)
        #expect(outcome.message?.contains(lie.words) == true, "\(outcome.message ?? "")")
        #expect(bench.kernel.insertions.isEmpty)
        #expect(bench.server.reports.last?.patchState == .checkFailed)
    }

    @Test func `a version that its tier does not hold`() async throws {
        let bench = try await Bench(tier: "stable")
        let file = try await bench.release("107.1")
        bench.server.falsify { _, answer in
            var answer = answer
            answer.patch = CheckInAnswer.Offer(file, url: "")
            return answer
        }
        let outcome = try await bench.round()
        #expect(outcome.message?.contains("tier 'stable' does not hold") == true, "\(outcome.message ?? "")")
        #expect(bench.kernel.insertions.isEmpty)
        try await bench.origin.administer(.promote(version: PatchVersion(107, 1), tier: TierName(parsing: "stable")))
        #expect(try await bench.round().state == .applied)
    }

    @Test func `what is blocked, though the server offers it`() async throws {
        let bench = try await Bench()
        let file = try await bench.release("107.1")
        try await bench.block("107.1", reason: "It hangs.")
        bench.server.falsify { _, answer in
            var answer = answer
            answer.patch = CheckInAnswer.Offer(file, url: "")
            return answer
        }
        let outcome = try await bench.round()
        #expect(outcome.message?.contains("blocked: It hangs.") == true, "\(outcome.message ?? "")")
        #expect(bench.kernel.insertions.isEmpty)
    }

    @Test(arguments: PatchFault.allCases) func `a file that is not what its name says`(fault: PatchFault) async throws {
        let bench = try await Bench()
        try await bench.release("107.1", fault: fault)
        let outcome = try await bench.round()
        #expect(outcome.state == .applyFailed)
        #expect(outcome.code == fault.code)
        #expect(outcome.attempted == PatchVersion(107, 1))
        #expect(bench.kernel.insertions.isEmpty)
        #expect(bench.server.reports.last?.patchState == .applyFailed)
        #expect(bench.server.reports.last?.attemptedVersion == PatchVersion(107, 1))
        #expect(bench.server.pings.isEmpty)
    }

    @Test func `a file that was changed on its way`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let spoiled = ProbedUpstream(bench.server.view, probe: { _ in }) { _, chunk in
            var chunk = chunk
            chunk[chunk.count / 2] ^= 1
            return chunk
        }
        let outcome = try await bench.round(bench.agent(view: spoiled))
        #expect(outcome.state == .applyFailed && outcome.code == .digestMismatch)
        #expect(bench.kernel.insertions.isEmpty)
        #expect(try await bench.round().state == .applied)
    }

    @Test func `a module that the owner's certificate did not sign`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let agent = bench.agent { _ in throw LivepatchError(.patchSignatureInvalid, "It has none.") }
        let outcome = try await bench.round(agent)
        #expect(outcome.state == .applyFailed && outcome.code == .patchSignatureInvalid)
        #expect(bench.kernel.insertions.isEmpty)
    }

    @Test func `a server whose roots are not the pinned ones`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let outcome = try await bench.round(bench.agent(roots: [Bench.stranger]))
        #expect(outcome.state == .checkFailed && outcome.code == .upstreamUntrusted)
        #expect(outcome.message?.contains("none of which is pinned here") == true, "\(outcome.message ?? "")")
        #expect(outcome.message?.contains("patch-sync") == false)
        #expect(bench.kernel.insertions.isEmpty)
    }

    @Test func `a server that signs nothing, unless its owner wants that`() async throws {
        let bench = try await Bench(signs: false)
        try await bench.release("107.1")
        #expect(try await bench.round().code == .upstreamUntrusted)
        #expect(try await bench.round(bench.agent(roots: [Bench.stranger], allowsUnsigned: true)).code == .upstreamUntrusted)
        #expect(bench.kernel.insertions.isEmpty)
        #expect(try await bench.round(bench.agent(allowsUnsigned: true)).state == .applied)
    }

    @Test func `what cannot be shown to be recent`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let recorded = FrozenView(bench.server.view)
        #expect(try await bench.round(bench.agent(view: recorded)).state == .applied)
        try await bench.block("107.1")
        // Somebody between keeps the block back.
        bench.clock.advance(by: .seconds(40 * 86_400))
        let outcome = try await bench.round(bench.agent(view: recorded))
        #expect(outcome.code == .upstreamStale, "\(outcome.message ?? "")")
        #expect(outcome.state == .applied)
        #expect(bench.kernel.enabled.count == 1)
    }

    @Test func `to patch without the right or the support for it`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.kernel.setObstacles([LivepatchError(.permissionMissing, "This process may not load modules.")])
        let outcome = try await bench.round()
        #expect(outcome.state == .unapplied && outcome.code == .permissionMissing)
        #expect(bench.kernel.insertions.isEmpty)
        #expect(await bench.memory.crashLock() == nil)
    }

    @Test func `to wait for what its owner does not want yet`() async throws {
        let bench = try await Bench()
        let file = try await bench.release("107.1")
        let cutoff = MachineWishes(cutoffDate: file.released.addingTimeInterval(-1))
        #expect(try await bench.round(bench.agent(wishes: cutoff)).code == .upstreamUntrusted)
        let delay = MachineWishes(patchDelaySeconds: 7_200)
        #expect(try await bench.round(bench.agent(wishes: delay)).code == .upstreamUntrusted)
        #expect(bench.kernel.insertions.isEmpty)
        #expect(bench.server.reports.last?.patchDelaySeconds == 7_200)
        bench.clock.advance(by: .seconds(7_200))
        #expect(try await bench.round(bench.agent(wishes: delay)).state == .applied)
    }

    @Test func `nothing, in a dry run, but to change anything`() async throws {
        let bench = try await Bench()
        let file = try await bench.release("107.1")
        bench.kernel.setObstacles([LivepatchError(.permissionMissing, "no")])
        let before = await bench.memory.memory()
        let outcome = try await bench.round(isDryRun: true)
        #expect(outcome.wouldDo?.contains("107.1 would be put into the kernel") == true)
        #expect(bench.kernel.insertions.isEmpty && bench.server.pings.isEmpty)
        #expect(await bench.memory.memory() == before)
        #expect(await bench.memory.crashLock() == nil)
        // It was fetched and looked into.
        #expect(try await bench.storage.length(of: file.digest) == file.length)
        let bad = try await Bench()
        try await bad.release("107.1", fault: .notLivepatch)
        #expect(try await bad.round(isDryRun: true).code == .patchNotLivepatch)
    }

    @Test func `to call a kernel by a name that it cannot tell`() async throws {
        let bench = try await Bench()
        bench.kernel.setFailure(LivepatchError(.kernelUnrecognized, "It is not one."))
        let error = await #expect(throws: LivepatchError.self) { try await bench.round() }
        #expect(error?.code == .kernelUnrecognized)
    }
}

/// A view that shows for ever what it showed first.
final class FrozenView: UpstreamServer {
    private let view: any UpstreamServer
    private let frozen = Frozen()

    private actor Frozen {
        var heads: [UpstreamDocument] = []
        var documents: [DocumentName: UpstreamDocument] = [:]
        var metadata: [MetadataFile: [UInt8]?] = [:]

        func head(_ make: @Sendable () async throws -> UpstreamDocument?) async throws -> UpstreamDocument? {
            if let first = heads.first { return first }
            if let head = try await make() { heads.append(head) }
            return heads.first
        }

        func document(_ name: DocumentName, _ make: @Sendable () async throws -> UpstreamDocument) async throws
            -> UpstreamDocument
        {
            if let known = documents[name] { return known }
            let document = try await make()
            documents[name] = document
            return document
        }

        func metadata(_ file: MetadataFile, _ make: @Sendable () async throws -> [UInt8]?) async throws -> [UInt8]? {
            if let known = metadata[file] { return known }
            let bytes = try await make()
            metadata[file] = bytes
            return bytes
        }
    }

    init(_ view: any UpstreamServer) { self.view = view }

    func address() async -> String { await view.address() }
    func head(unless tag: String?) async throws -> UpstreamDocument? {
        try await frozen.head { [view] in try await view.head(unless: nil) }
    }
    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try await frozen.document(name) { [view] in try await view.document(name, limit: limit) }
    }
    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await frozen.metadata(file) { [view] in try await view.metadata(file, limit: limit) }
    }
    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await view.content(of: file, from: offset)
    }
}
