import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct SharedContentTests {
    @Test func `content under several names is fetched once, and held under all of them`() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        let names = (1...6).map { "livepatch-5.15.0-107.\($0)-generic-107.\($0 % 2 + 1)-amd64.tar.bz2" }
        for name in names { try await origin.release(name, Array("the same".utf8)) }
        let asked = Mutex(0)
        let report = await site.sync(
            from: origin, secret: try await origin.issue("edge", "site"),
            probe: { step in
                if case .content = step { asked.withLock { $0 += 1 } }
            })
        #expect(report.result == .complete)
        #expect(asked.withLock { $0 } == 1)
        #expect(report.files == 1)
        #expect(report.bytes == 8)
        for name in names { #expect(try await site.catalog.file(PatchFileName(parsing: name))?.available == true) }
    }

    @Test func `an announced length that nobody could hold refuses that patch, and nothing else`() async throws {
        let huge = PatchFile(
            name: "livepatch-5.15.0-107.1-generic-107.1-amd64.tar.bz2", length: .max, digest: SHA256Digest(of: [1]),
            released: ManualClock().start)
        let origin = try await InProcessServer(id: "origin")
        _ = try await origin.catalog.add(huge, entry: ChangeEntry(time: huge.released, actor: "test", action: "test"))
        try await origin.release("livepatch-5.15.0-107.1-generic-108.1-amd64.tar.bz2", [1])
        let site = try await InProcessServer(id: "site")
        let report = await site.sync(from: origin, secret: try await origin.issue("edge", "site"))
        #expect(report.result == .partial)
        #expect(report.failures.map(\.code) == ["upstream-untrusted"])
        #expect(report.failures.first?.message.contains("The length of '\(huge.name)'") == true)
        #expect(try await site.catalog.versions().map(\.version) == ["108.1"])
    }
}
