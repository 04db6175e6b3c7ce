import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

// What is not believed of a bundle.

extension BundleTests {
    func change(_ bundle: InMemoryBundle, _ name: String, resum: Bool = true, _ edit: (String) -> String) throws {
        let text = String(decoding: try #require(bundle[name]), as: UTF8.self)
        let new = Array(edit(text).utf8)
        #expect(new != Array(text.utf8))
        bundle[name] = new
        guard resum else { return }
        // Whoever tampers also corrects the list, which nobody signs.
        let manifest = try PatchBundle.manifest(of: bundle.archive())
        bundle["bundle.json"] = try DocumentCoding.encode(
            BundleManifest(
                id: manifest.id, created: manifest.created, deployment: manifest.deployment, tier: manifest.tier,
                base: manifest.base,
                documents: manifest.documents.map {
                    $0.name == name
                        ? .init(name: name, length: Int64(new.count), digest: SHA256Digest(of: new)) : $0
                }, contents: manifest.contents))
    }

    @Test("A flipped byte in any content refuses all of it")
    func flippedContent() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        for name in contents(bundle) {
            let good = try #require(bundle[name])
            for place in [0, good.count / 2, good.count - 1] {
                var bad = good
                bad[place] ^= 1
                bundle[name] = bad
                let report = try await site.apply(bundle.archive())
                #expect(report.failures.map(\.code) == ["bundle-invalid"])
                #expect(try await isUntouched(site))
            }
            bundle[name] = good
        }
        #expect(try await site.apply(bundle.archive()).result == .complete)
    }

    @Test("A changed digit in any signed metadata refuses all of it, though the list was corrected")
    func changedMetadata() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let names = try await origin.bundle("edge").names.filter { $0.hasPrefix("metadata/") }
        #expect(names.count > 10)
        for name in names {
            let bundle = try await origin.bundle("edge")
            try change(bundle, name) { $0.replacing("\"expires\":\"20", with: "\"expires\":\"21", maxReplacements: 1) }
            let report = try await site.apply(bundle.archive())
            #expect(["upstream-untrusted", "bundle-invalid"].contains(report.failures.first?.code), "\(name): \(report)")
            #expect(try await isUntouched(site), "\(name)")
        }
    }

    @Test("Changed without the list it is damaged; each missing or additional member too")
    func structure() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let names = try await origin.bundle("edge").names
        for name in names.dropFirst() where !name.hasPrefix("contents/") {
            let bundle = try await origin.bundle("edge")
            bundle[name]?[0] ^= 1
            #expect(try await site.apply(bundle.archive()).failures.map(\.code) == ["bundle-invalid"], "\(name)")
        }
        for name in names {
            let bundle = try await origin.bundle("edge")
            bundle[name] = nil
            await #expect(throws: LivepatchError.self) { try await site.apply(bundle.archive()) }
            bundle[name] = [1]
            await #expect(throws: LivepatchError.self) { try await site.apply(bundle.archive()) }
        }
        let more = try await origin.bundle("edge")
        more["contents/more"] = [1]
        let error = await #expect(throws: LivepatchError.self) { try await site.apply(more.archive()) }
        #expect(error?.code == .bundleInvalid && error?.message.contains("contents/more") == true)
        let newer = try await origin.bundle("edge")
        newer["bundle.json"] = Array("{\"format\": 2}".utf8)
        let upgrade = await #expect(throws: LivepatchError.self) { try await site.apply(newer.archive()) }
        #expect(upgrade?.suggestion?.contains("Upgrade") == true)
        #expect(try await isUntouched(site))
    }

    @Test("A patch that is left out of the list of content refuses the bundle")
    func leftOut() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        let manifest = try PatchBundle.manifest(of: bundle.archive())
        let dropped = try #require(manifest.contents.first)
        bundle["contents/\(dropped.digest)"] = nil
        bundle["bundle.json"] = try DocumentCoding.encode(
            BundleManifest(
                id: manifest.id, created: manifest.created, deployment: manifest.deployment, tier: manifest.tier, base: nil,
                documents: manifest.documents, contents: Array(manifest.contents.dropFirst())))
        #expect(try await site.apply(bundle.archive()).failures.map(\.code) == ["bundle-invalid"])
        #expect(try await isUntouched(site))
    }

    @Test("Roots that are not the configured ones are refused, and those that are need no pin")
    func roots() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        let refused = try await site.apply(bundle.archive(), trustedRoots: [SHA256Digest(of: [1])])
        #expect(refused.failures.map(\.code) == ["upstream-untrusted"])
        #expect(try await isUntouched(site))
        let roots = bundle.names.filter { $0.hasSuffix("/1.root.json") }.compactMap { bundle[$0].map { SHA256Digest(of: $0) } }
        let report = try await site.apply(bundle.archive(), trustedRoots: Set(roots))
        #expect(report.result == .complete && !report.notes.contains { $0.contains("first time") })
        // Somebody else's bundle does not get in beside it.
        let stranger = try await server("stranger")
        try await stranger.release("200.1", length: 100)
        let other = try await stranger.bundle("edge")
        #expect(try await site.apply(other.archive(), trustedRoots: Set(roots)).failures.map(\.code) == ["upstream-untrusted"])
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
    }

    @Test("Unsigned bundles are refused once something signed was trusted")
    func downgrade() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        try await site.apply(try await origin.bundle("edge").archive())
        let plain = try await origin.restarted(signs: false).bundle("edge")
        #expect(try await site.apply(plain.archive()).failures.map(\.code) == ["upstream-untrusted"])
    }

    @Test("A bundle may be as old as is allowed, and says how old it is")
    func age() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        time.advance(by: 11.5 * 86_400)
        let stale = try await site.apply(bundle.archive(), tolerance: .seconds(10 * 86_400))
        #expect(stale.failures.map(\.code) == ["upstream-stale"])
        #expect(stale.failures.first?.message.contains("10d") == true)
        #expect(try await isUntouched(site))
        let report = try await site.apply(bundle.archive(), tolerance: .seconds(11 * 86_400))
        #expect(report.result == .complete)
        #expect(report.notes.contains { $0.contains("2030-01-02T00:00:00Z, 10 days ago") }, "\(report.notes)")
        // Tolerance is not forgetfulness.
        let before = try await site.catalog.revision()
        #expect(
            try await site.apply(bundle.archive(), tolerance: .seconds(10 * 86_400)).failures.map(\.code) == ["upstream-stale"])
        #expect(try await site.catalog.revision() == before)
    }

    @Test("Servers below one that is fed by bundles need the same tolerance")
    func tolerance() async throws {
        let (origin, site, below) = (try await origin(), try await server("site"), try await server("below"))
        let bundle = try await origin.bundle("edge")
        time.advance(by: 5 * 86_400)
        try await site.apply(bundle.archive())
        let secret = try await site.issue("edge", "below")
        #expect(await below.sync(from: site, secret: secret).failures.map(\.code) == ["upstream-stale"])
        let upstream = site.upstream(secret: secret, for: below.deployment)
        let report = await below.sync(from: upstream, tolerance: .seconds(5 * 86_400))
        #expect(report.result == .complete && report.failures == [], "\(report)")
    }

    @Test("A tier that there is not, and stored content that is damaged, make no bundle")
    func creation() async throws {
        let origin = try await origin()
        let unknown = await #expect(throws: LivepatchError.self) { try await origin.bundle("nowhere") }
        #expect(unknown?.code == .tierUnknown)
        let storage = InMemoryPatchStorage()
        let server = try await InProcessServer(id: "damaged", storage: storage, now: time.now)
        try await server.release("107.1", length: 1000)
        storage.damage(SHA256Digest(of: content(fileName("107.1"), length: 1000))) { $0[500] ^= 1 }
        let damaged = await #expect(throws: LivepatchError.self) { try await server.bundle("edge") }
        #expect(damaged?.code == .storageDamaged)
    }

    @Test("A bundle of a later tier shows nothing of the earlier ones")
    func laterTier() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("stable")
        #expect(!bundle.names.contains { $0.contains("108.1") || $0.contains("edge") })
        #expect(contents(bundle).count == 2)
        try await site.apply(bundle.archive())
        #expect(try await site.offer("edge") == ["107.1"])
    }
}
