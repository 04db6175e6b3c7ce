import Foundation
import LivepatchArchive
import LivepatchKit
import LivepatchTesting
import PatchGenerator

/// A chain of three servers in one process: what `livepatch-server` puts together, put together by hand, with stores in memory.
@main
struct InProcessChain {
    let origin: InProcessServer
    let regional: InProcessServer
    let site: InProcessServer

    static func main() async {
        do {
            let chain = InProcessChain(
                origin: try await InProcessServer(id: "origin"), regional: try await InProcessServer(id: "regional"),
                site: try await InProcessServer(id: "site"))
            try await chain.run()
            print("Everything was as expected.")
        } catch {
            print("✗ \(error)")
            exit(1)
        }
    }

    func run() async throws {
        print("Six patch files enter the origin, as uploads would.")
        try await importPatches(["107.1", "108.1"])
        try await show(origin)
        try expect(await offered(by: origin, in: "edge") == ["107.1", "108.1"], "new versions are in the first tier")

        print("\nThe regional server syncs with a token for the tier edge. Promotion there is its own business.")
        let regionalSecret = try await origin.issue("edge", "regional")
        let first = await regional.sync(from: origin, secret: regionalSecret)
        try expect(first.result == .complete && first.files == 6, "\(first.files) files arrived, \(first.bytes) bytes")
        let again = await regional.sync(from: origin, secret: regionalSecret)
        try expect(again.result == .unchanged, "a second sync finds nothing new: \(again.documents) documents fetched")
        try await regional.administer(.promote(version: version("107.1"), tier: tier("stable")))
        try await regional.administer(.promote(version: version("108.1"), tier: tier("beta")))
        try await show(regional)

        print("\nThe site mirrors the tiers of its upstream, with a token for the tier candidate.")
        let siteSecret = try await regional.issue("candidate", "site")
        try await syncSite(siteSecret)
        try await show(site)
        try expect(await offered(by: site, in: "candidate") == ["107.1"], "what its tier does not hold does not exist for it")

        print("\nA promotion at the regional server arrives; one at the site is refused.")
        try await regional.administer(.promote(version: version("108.1"), tier: tier("stable")))
        try await syncSite(siteSecret)
        try expect(await offered(by: site, in: "stable") == ["107.1", "108.1"], "108.1 is stable at the site")
        try await expectRefusal(.managedUpstream) {
            _ = try await site.administration(.upstream("regional"))
                .carryOut(.promote(version: version("108.1"), tier: tier("stable")), by: "admin")
        }

        print("\nA block at the origin empties the whole chain of it.")
        try await origin.administer(.block(version: version("107.1"), reason: "hangs under load"))
        await regional.sync(from: origin, secret: regionalSecret)
        try await syncSite(siteSecret)
        try expect(await offered(by: site, in: "stable") == ["108.1"], "107.1 is gone at the site")

        print("\nA circle is noticed.")
        let loopSecret = try await site.issue("candidate", "origin")
        let loop = await origin.sync(from: site, secret: loopSecret)
        try expect(loop.failures.first?.code == LivepatchError.Code.upstreamLoop.rawValue, loop.failures.first?.message ?? "")
    }

    /// Takes generated files in at the origin, each checked as `patch import` has it checked.
    private func importPatches(_ versions: [String]) async throws {
        let imports = PatchImport(
            catalog: origin.catalog, storage: origin.storage, archive: TarballReader(), lock: InMemoryStorageLock(),
            now: { Date() })
        let names = PatchNames(
            versions: try versions.map(PatchVersion.init(parsing:)), kernels: try PatchNames.kernels(3),
            flavours: [try Flavour(parsing: "generic")])
        for name in names.all() {
            let bytes = try PatchGenerator().file(name)
            let chunks = AsyncStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
            let receipt = try await imports.receive("\(name)", metadata: PatchMetadata(), chunks: chunks, by: "admin")
            print("  \(receipt.file.name): module \(receipt.inspected.moduleName), \(receipt.file.length) bytes")
        }
    }

    private func syncSite(_ secret: String) async throws {
        let report = await site.sync(
            from: regional, secret: secret, request: SyncRequest(deployment: site.deployment, mirrorsTiers: true))
        print("  sync of the site: \(report.result.rawValue), \(report.files) files, \(report.bytes) bytes")
        for note in report.notes { print("    \(note)") }
        for failure in report.failures { print("    \(failure.message)") }
    }
}
