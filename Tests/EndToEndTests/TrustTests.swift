import Foundation
import LivepatchKit
import Processes
import Testing

@Suite("The signed chain", .serialized) struct TrustTests {
    @Test("pins what it first sees and says so, and trust status tells the same roots on all three levels")
    func firstUse() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 2")
            let top = try await above.trust()
            #expect(top.repositories.map(\.kind) == [.origin, .tiers])
            #expect(
                top.repositories.allSatisfy { $0.isSignedHere && $0.signer.description == "origin-1" && $0.root.version == 1 })
            #expect(top.repositories.first?.roles.map(\.name).contains("patch-*") == true)
            #expect(top.pins.isEmpty && top.warnings.isEmpty)

            let regional = try await here.downstream(
                "regional", of: origin.url, token: above.token("edge", "regional"),
                ["patch-sync.sync-tiers": "true", "patch-sync.id": "regional-1"])
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let report = try await middle.report()
            #expect(report.result == .complete, "\(report)")
            for repository in top.repositories {
                #expect(report.notes.contains { $0.contains(repository.root.fingerprint.description) }, "\(report.notes)")
            }
            let relayed = try await middle.trust()
            #expect(relayed.repositories.map(\.root) == top.repositories.map(\.root))
            #expect(relayed.repositories.allSatisfy { !$0.isSignedHere })
            #expect(
                relayed.repositories.map { $0.route.map(\.description) } == [
                    ["origin-1", "regional-1"], ["origin-1", "regional-1"],
                ])
            #expect(Set(relayed.pins.map(\.fingerprint)) == Set(top.repositories.map(\.root.fingerprint)))
            #expect(relayed.pins.count == 5 && relayed.pins.allSatisfy { !$0.isConfigured && $0.expires != nil })

            let site = try await here.downstream(
                "site", of: regional.url, token: middle.token("stable", "site"), ["patch-sync.id": "site-1"])
            let below = try await site.administrator()
            try await below.firstSync()
            try await above("patch promote 100.1 stable")
            try await middle.sync()
            #expect(try await below.sync()["result"] as? String == "complete")
            #expect(try await below("patch list --quiet") == "100.1\n")
            let bottom = try await below.trust()
            #expect(bottom.repositories.map(\.signer.description) == ["origin-1", "site-1"])
            #expect(bottom.repositories.first?.route.map(\.description) == ["origin-1", "regional-1", "site-1"])
            #expect(bottom.repositories.first?.root == top.repositories.first?.root)
            #expect(bottom.repositories.last?.isSignedHere == true)

            for administrator in [above, middle, below] {
                let shown = try await administrator.run(["trust", "status"])
                #expect(shown.status == 0, "\(shown)")
                #expect(shown.output.contains("FINGERPRINT") && shown.output.contains("timestamp"))
            }
            #expect(try await above("trust status --quiet") == top.repositories.map { "\($0.root.fingerprint)\n" }.joined())

            // The keys are where the manual says, for their owner alone, and a relay of tiers signs nothing: it has the one under which
            // it hashes the ids of its machines.
            let keys = "\(origin.dataDirectory)/keys"
            #expect(try mode(keys) == 0o700)
            let names = try FileManager.default.contentsOfDirectory(atPath: keys)
            #expect(names.count == 7)
            #expect(try names.allSatisfy { try mode("\(keys)/\($0)") == 0o600 })
            let relay = try FileManager.default.contentsOfDirectory(atPath: "\(regional.dataDirectory)/keys")
            #expect(relay == ["machine-ids.key"])
        }
    }

    @Test("begins with the configured roots and no others; sync-tokens add prints the line for them")
    func trustedRoots() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let issued = try await above.run(["sync-tokens", "add", "edge", "site"])
            let secret = issued.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let line = try #require(
                issued.errors.firstMatch(of: /(patch-sync\.trusted-roots)=([0-9a-f]{64},[0-9a-f]{64})/), "\(issued)")

            let right = try await here.downstream("right", of: origin.url, token: secret, [String(line.1): String(line.2)])
            let trusting = try await right.administrator()
            try await trusting.firstSync()
            let report = try await trusting.report()
            #expect(report.result == .complete && report.notes.isEmpty, "\(report)")
            #expect(try await trusting.trust().pins.allSatisfy(\.isConfigured))

            let other = String(repeating: "0", count: 64)
            let wrong = try await here.downstream("wrong", of: origin.url, token: secret, ["patch-sync.trusted-roots": other])
            let wary = try await wrong.administrator()
            try await wary.firstSync()
            let refusal = try await wary.report()
            #expect(refusal.result == .failed)
            #expect(refusal.failures.map(\.code) == ["upstream-untrusted"])
            let seen = try #require(line.2.split(separator: ",").first)
            #expect(refusal.failures.first?.message.contains(seen) == true, "\(refusal)")
            #expect(refusal.failures.first?.message.contains("patch-sync.trusted-roots") == true)
            #expect(try await wary("patch list --quiet") == "")
            #expect(try await wary.trust().pins.isEmpty)

            let mistaken = try await here.run(
                .server, here.serverArguments("mistaken", ["patch-sync.trusted-roots": "5f0a"]) + ["--check-config"])
            #expect(mistaken.status == 78 && mistaken.errors.contains("'5f0a'"), "\(mistaken)")
        }
    }

    @Test("refuses what somebody in the middle has changed, withheld or replayed, and keeps what it has")
    func tampering() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let middle = try await MiddleServer.start(before: origin)
            let site = try await here.downstream("site", of: middle.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below("patch list --quiet") == "100.1\n")
            let before = middle.seen

            /// A sync that has to fail, with what the operator is told.
            func refused(_ code: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let command = try await below.run(["sync", "trigger", "--wait"])
                #expect(command.status == 65, "\(command)", sourceLocation: sourceLocation)
                let report = try await below.report()
                #expect(report.failures.map(\.code) == [code], "\(report)", sourceLocation: sourceLocation)
                for word in words + [middle.url] {
                    let isSaid = report.failures.first?.message.contains(word) == true
                    #expect(isSaid, "'\(word)' is not said by \(report)", sourceLocation: sourceLocation)
                }
                #expect(try await below("patch list --quiet") == "100.1\n", sourceLocation: sourceLocation)
            }

            // Another file under a released name.
            try await above.importPatches("--versions 101.1 --kernels 1 --seed 2")
            middle.tamper { path, answer in
                guard path.contains("patch-101.1"), let digest = answer.text.firstMatch(of: /"sha256":"([0-9a-f]{64})"/) else {
                    return answer
                }
                return answer.replacing(String(digest.1), with: String(digest.1.reversed()))
            }
            let partial = try await below.run(["sync", "trigger", "--wait"])
            #expect(partial.status != 0, "\(partial)")
            let report = try await below.report()
            #expect(report.failures.map(\.code) == ["upstream-untrusted"], "\(report)")
            #expect(report.failures.first?.message.contains("101.1") == true)
            #expect(try await below("patch list --quiet") == "100.1\n")

            // A state from before, head and all.
            middle.tamper { path, answer in before[path] ?? answer }
            try await refused("upstream-untrusted", "origin-1", "Nothing was changed")

            // Nobody's signature, where there were signatures before.
            middle.tamper { path, answer in
                guard path == "/v1/sync/head", let head = try? DocumentCoding.decode(Head.self, from: answer.body) else {
                    return answer
                }
                let plain = Head(
                    route: head.route, tier: head.tier, filters: head.filters, revocations: head.revocations, tiers: head.tiers)
                return (try? DocumentCoding.encode(plain)).map(answer.with) ?? answer
            }
            try await refused("upstream-untrusted", "nobody signed")

            // A withheld revocation.
            try await above("patch block 100.1 --reason crashes")
            let blocked = before.filter { $0.key.contains("revocations") }
            middle.tamper { path, answer in path.contains(".revocations.json") ? (blocked.first?.value ?? answer) : answer }
            try await refused("upstream-untrusted", "revocations")

            // The truth, at last.
            middle.tamper { _, answer in answer }
            #expect(try await below.sync()["result"] as? String == "complete")
            #expect(try await below.offers("edge") == ["101.1"])
            await middle.stop()
        }
    }

    @Test("serves what it has and takes nothing new when the upstream cannot prove that it is recent")
    func stale() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1", "server.metadata-lifetime": "4s"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let middle = try await MiddleServer.start(before: origin)
            let site = try await here.downstream("site", of: middle.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below.offers("edge") == ["100.1"])

            // Somebody freezes what the site is shown, and withholds a release.
            let before = middle.seen
            middle.tamper { path, answer in before[path] ?? answer }
            try await above.importPatches("--versions 101.1 --kernels 1 --seed 2")
            try await eventually("the sync is refused") {
                _ = try await below.run(["sync", "trigger", "--wait"])
                return try await below.report().failures.map(\.code) == ["upstream-stale"]
            }
            #expect(try await below.offers("edge") == ["100.1"])
            let status = try await below.run(["trust", "status"])
            #expect(status.status == 65, "\(status)")
            #expect(status.errors.contains("warning: 'timestamp' in the origin repository of origin-1 expired at"), "\(status)")

            middle.tamper { _, answer in answer }
            try await below.sync()
            #expect(try await below.offers("edge") == ["100.1", "101.1"])
            await middle.stop()
        }
    }

    @Test(
        "signs with keys that were brought, which a running server does not notice, and which do not replace others by accident")
    func broughtKeys() async throws {
        try await Surroundings.with { here in
            func bring(_ name: String, _ seed: UInt8, _ more: String...) async throws -> FinishedCommand {
                let file = try here.file("\(seed).key", Data(repeating: seed, count: 32).base64EncodedString())
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
                return try await here.run(
                    .admin, ["trust", "import-key", name, file, "--data-dir", here.path("origin")] + more)
            }
            let first = try await bring("origin-root", 1)
            #expect(first.status == 0, "\(first)")
            #expect(try await bring("no-such-key", 1).status == 64)
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let root = try #require(try await administrator.trust().repositories.first)
            let busy = try await bring("origin-online", 2)
            #expect(busy.status == 75 && busy.errors.contains("is using the data directory"), "\(busy)")
            try await server.stop()

            let refused = try await bring("origin-online", 2)
            #expect(refused.status == 73 && refused.errors.contains("--force"), "\(refused)")
            let forced = try await bring("origin-online", 2, "--force")
            #expect(forced.status == 0, "\(forced)")
            let again = try await here.server("origin").administrator()
            let rotated = try #require(try await again.trust().repositories.first)
            #expect(rotated.root.version == 2 && rotated.fingerprints.first == root.root.fingerprint)
            let keys = { (repository: TrustStatus.Repository, role: String) in repository.roles.first { $0.name == role }?.keys }
            #expect(keys(rotated, "root") == keys(root, "root"))
            #expect(keys(rotated, "timestamp") != keys(root, "timestamp"))
            #expect(keys(rotated, "targets") == keys(root, "targets"))
        }
    }

    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }
}

extension Administrator {
    /// What is signed and trusted.
    func trust() async throws -> TrustStatus {
        let output = try await run(["trust", "status", "--format", "json"])
        return try DocumentCoding.decode(TrustStatus.self, from: Array(output.output.utf8))
    }

    /// The newest report of a sync.
    func report() async throws -> SyncReport {
        struct Reports: Decodable { let reports: [SyncReport] }
        let output = try await callAsFunction("sync reports --format json")
        return try #require(try DocumentCoding.decode(Reports.self, from: Array(output.utf8)).reports.first)
    }
}
