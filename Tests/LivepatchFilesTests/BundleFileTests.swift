import Foundation
import LivepatchFiles
import LivepatchKit
import Testing

@Suite struct BundleFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func manifest(_ tier: String) throws -> BundleManifest {
        BundleManifest(
            id: BundleID(UUID()), created: Date(timeIntervalSince1970: 1_763_800_000),
            deployment: try DeploymentID(parsing: "origin"),
            tier: try TierName(parsing: tier), base: nil, documents: [], contents: [])
    }

    @Test func `a bundle has its name when it is whole`() async throws {
        try directory.write("out.tar", "an older one")
        try directory.write("out.tar.partial", "what an interrupted attempt left, longer than the new one")
        let output = try BundleOutput(directory.file("out.tar"))
        try await output.write(Array("new".utf8))
        try await output.write(Array("er".utf8))
        #expect(try BundleFile.open(directory.file("out.tar")).read(at: 0, count: 100) == Array("an older one".utf8))
        try await output.finish()
        #expect(try BundleFile.open(directory.file("out.tar")).read(at: 0, count: 100) == Array("newer".utf8))
        #expect(try directory.names() == ["out.tar"])
    }

    @Test func `a bundle that came to nothing leaves nothing`() async throws {
        let output = try BundleOutput(directory.file("out.tar"))
        try await output.write([1])
        await output.discard()
        #expect(try directory.names() == [])
    }

    @Test func `what cannot be written or read is named`() {
        let unwritable = #expect(throws: LivepatchError.self) { try BundleOutput(directory.file("missing/out.tar")) }
        #expect(unwritable?.code == .storageUnavailable && unwritable?.message.contains("missing/out.tar") == true)
        let missing = #expect(throws: LivepatchError.self) { try BundleFile.open(directory.file("out.tar")) }
        #expect(missing?.code == .notFound && missing?.message.contains("out.tar") == true)
        let folder = #expect(throws: LivepatchError.self) { try BundleFile.open(directory.path) }
        #expect(folder?.code == .storageUnavailable)
    }

    @Test func `the last bundle of each tier is remembered`() async throws {
        let ledger = BundleLedger(at: directory.file("bundles"))
        let (edge, stable) = (try manifest("edge"), try manifest("stable"))
        #expect(try await ledger.last(edge.tier) == nil)
        try await ledger.remember(edge)
        try await ledger.remember(stable)
        let second = try manifest("edge")
        try await ledger.remember(second)
        let again = BundleLedger(at: directory.file("bundles"))
        #expect(try await again.last(edge.tier) == second)
        #expect(try await again.last(stable.tier) == stable)
        try directory.write("bundles/edge.json", "{")
        await #expect(throws: LivepatchError.self) { try await again.last(edge.tier) }
    }
}
