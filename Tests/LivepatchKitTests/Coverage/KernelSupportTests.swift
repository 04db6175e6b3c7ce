import FoundationEssentials
import LivepatchTesting
import Testing

@testable import LivepatchKit

/// An entry in few words.
func coverage(
    _ series: KernelSeries = "5.15", _ flavour: Flavour = "generic", _ architecture: Architecture = .amd64,
    codename: Codename? = nil, until: String = "2027-04-30", oldestBuild: String? = nil
) throws -> KernelCoverage {
    KernelCoverage(
        .init(series: series, flavour: flavour, architecture: architecture, codename: codename),
        coveredUntil: try KernelCoverage.end(parsing: until),
        oldestBuild: try oldestBuild.map(KernelCoverage.beginning(parsing:)))
}

@Suite struct KernelSupportTests {
    private func question(
        _ series: KernelSeries = "5.15", _ flavour: Flavour = "generic", codename: Codename? = "jammy", built: String? = nil
    ) -> KernelQuestion {
        KernelQuestion(
            series: series, flavour: flavour, architecture: .amd64, codename: codename, buildDate: built.flatMap(Timestamp.date))
    }

    private func support(
        _ entries: [KernelCoverage], _ question: KernelQuestion, at time: String = "2026-01-01T00:00:00Z"
    ) throws -> KernelSupportStatus? {
        CoverageTable(local: entries).support(of: question, at: try #require(Timestamp.date(time)))
    }

    @Test func `An entry covers its series, flavour and architecture, and nothing else`() throws {
        let table = [try coverage()]
        #expect(try support(table, question()) == .supported)
        #expect(try support(table, question("5.15.0")) == .supported)
        #expect(try support(table, question("5.4")) == nil)
        #expect(try support(table, question("5.1")) == nil)
        #expect(try support(table, question("5.15", "aws")) == nil)
        #expect(try support([try coverage("5.15", "generic", .arm64)], question()) == nil)
        #expect(try support([], question()) == nil)
    }

    @Test func `The last day counts whole`() throws {
        let table = [try coverage(until: "2027-04-30")]
        #expect(try support(table, question(), at: "2027-04-30T23:59:59Z") == .supported)
        #expect(try support(table, question(), at: "2027-05-01T00:00:00Z") == .kernelEndOfLife)
    }

    @Test func `A build before the oldest one needs an upgrade, and one of an unknown date may`() throws {
        let table = [try coverage(oldestBuild: "2024-01-01")]
        #expect(try support(table, question(built: "2023-12-31T23:59:59Z")) == .kernelUpgradeRequired)
        #expect(try support(table, question(built: "2024-01-01T00:00:00Z")) == .supported)
        #expect(try support(table, question()) == .unknown)
        // What is over is over, whenever it was built.
        #expect(try support(table, question(), at: "2030-01-01T00:00:00Z") == .kernelEndOfLife)
    }

    @Test func `An entry for the codename comes before one for all`() throws {
        let table = [try coverage(until: "2020-01-01"), try coverage(codename: "jammy")]
        #expect(try support(table, question(codename: "jammy")) == .supported)
        #expect(try support(table, question(codename: "focal")) == .kernelEndOfLife)
        #expect(try support(table, question(codename: nil)) == .kernelEndOfLife)
    }

    @Test func `Without a codename, entries with codenames speak if they agree`() throws {
        let agreeing = [try coverage(codename: "jammy"), try coverage(codename: "focal")]
        #expect(try support(agreeing, question(codename: nil)) == .supported)
        let contrary = [try coverage(codename: "jammy"), try coverage(codename: "focal", until: "2020-01-01")]
        #expect(try support(contrary, question(codename: nil)) == .unknown)
        #expect(try support(contrary, question(codename: "noble")) == nil)
    }

    @Test func `An own entry wins over the upstream's`() throws {
        let table = CoverageTable(
            local: [try coverage(until: "2020-01-01")], upstream: [try coverage(), try coverage("6.8")])
        let time = try #require(Timestamp.date("2026-01-01T00:00:00Z"))
        #expect(table.support(of: question(), at: time) == .kernelEndOfLife)
        #expect(table.support(of: question("6.8"), at: time) == .supported)
        #expect(table.effective == [try coverage(until: "2020-01-01"), try coverage("6.8")])
    }

    @Test func `A machine's kernel is asked about by the first two numbers of its version`() {
        let kernel = MachineKernel(version: "6.1.0-56.192.2", flavour: "cloud-amd64", architecture: .amd64)
        let question = KernelQuestion(kernel, codename: "Bookworm")
        #expect(question.series == "6.1" && question.codename == "bookworm")
        #expect(KernelQuestion(kernel, codename: "no name").codename == nil)
    }

    // MARK: The catalogue

    private func server(_ now: Date = Date(timeIntervalSince1970: 1_767_225_600)) async throws -> InProcessServer {
        try await InProcessServer(id: "origin", now: { now })
    }

    private func support(_ server: InProcessServer, _ question: KernelQuestion) async throws -> KernelSupportStatus {
        try await server.kernels.support(of: question, at: server.now())
    }

    @Test func `Where the table is silent, the patches that are there speak`() async throws {
        let server = try await server()
        #expect(try await support(server, question()) == .unknown, "a server without patches knows nothing")
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1])
        #expect(try await support(server, question()) == .supported)
        #expect(try await support(server, question("5.4")) == .unsupported)
        #expect(try await support(server, question("5.15", "aws")) == .unsupported)
        _ = try await server.coverage.carryOut(CoverageChange(set: [coverage(until: "2020-01-01")]), by: "test")
        #expect(try await support(server, question()) == .kernelEndOfLife)
        _ = try await server.coverage.carryOut(CoverageChange(remove: [coverage().key]), by: "test")
        #expect(try await support(server, question()) == .supported)
    }

    @Test func `A machine without a patch is told what the table says against its kernel`() async throws {
        let server = try await server()
        let kernel = MachineKernel(version: "5.15.0-107.117", flavour: "generic", architecture: .amd64)
        let now = Date(timeIntervalSince1970: 1_767_225_600)
        func obstacle(_ built: String? = nil) async throws -> KernelObstacle? {
            try await server.kernels.obstacle(
                to: kernel, buildDate: built.flatMap(Timestamp.date), codename: "jammy", at: now)
        }
        #expect(try await obstacle() == nil)
        _ = try await server.coverage.carryOut(CoverageChange(set: [coverage(oldestBuild: "2024-01-01")]), by: "test")
        #expect(try await obstacle("2025-01-01T00:00:00Z") == nil)
        #expect(try await obstacle() == nil, "nobody knows")
        let old = try await obstacle("2023-01-01T00:00:00Z")
        #expect(old?.reason == .kernelUpgradeRequired && old?.message.contains("2024-01-01") == true)
        _ = try await server.coverage.carryOut(CoverageChange(set: [coverage(until: "2025-04-30")]), by: "test")
        let over = try await obstacle("2025-01-01T00:00:00Z")
        #expect(over?.reason == .kernelEndOfLife && over?.message.contains("2025-04-30T23:59:59Z") == true)
    }

    @Test func `What is blocked, or whose content is missing, supports nothing`() async throws {
        let server = try await server()
        let old = try await server.release("livepatch-5.4.0-10.11-generic-107.1-amd64.tar.bz2", [1])
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [2])
        #expect(try await support(server, question("5.4")) == .supported)
        try await server.catalog.setAvailable(false, [old.name])
        #expect(try await support(server, question("5.4")) == .unsupported)
        try await server.catalog.setAvailable(true, [old.name])
        #expect(try await support(server, question("5.4")) == .supported)
        try await server.administer(.block(version: "107.1", reason: "it oopses"))
        #expect(try await support(server, question()) == .unknown)
    }

    @Test func `Nothing is read again while the catalogue stands still, nor of versions that have not changed`() async throws {
        let database = InMemoryDatabase()
        let catalog = OvertakenCatalog(InMemoryCatalog(database), at: .files, by: {})
        let authority = KernelSupportAuthority(
            catalog: catalog, tiers: TierStateCache(catalog: catalog), coverage: InMemoryCoverageStore(database))
        func add(_ name: PatchFileName) async throws {
            let file = PatchFile(name: name, length: 1, digest: SHA256Digest(of: [1]), released: Date())
            _ = try await catalog.add(file, entry: ChangeEntry(time: Date(), actor: "test", action: "add"))
        }
        try await add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        for _ in 0..<3 { #expect(try await authority.support(of: question(), at: Date()) == .supported) }
        #expect(catalog.attempts == 1)
        try await add("livepatch-6.8.0-10.11-generic-108.1-amd64.tar.bz2")
        #expect(try await authority.support(of: question("6.8"), at: Date()) == .supported)
        #expect(catalog.attempts == 2)
    }

    @Test func `Thousands who ask at once wait for the same look at the catalogue`() async throws {
        let database = InMemoryDatabase()
        let catalog = OvertakenCatalog(InMemoryCatalog(database), at: .files, by: {})
        let authority = KernelSupportAuthority(
            catalog: catalog, tiers: TierStateCache(catalog: catalog), coverage: InMemoryCoverageStore(database))
        let file = PatchFile(
            name: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", length: 1, digest: SHA256Digest(of: [1]),
            released: Date())
        _ = try await catalog.add(file, entry: ChangeEntry(time: Date(), actor: "test", action: "add"))
        let asked = question()
        let answers = try await withThrowingTaskGroup(of: KernelSupportStatus.self) { group in
            for _ in 0..<2000 { group.addTask { try await authority.support(of: asked, at: Date()) } }
            return try await group.reduce(into: Set<KernelSupportStatus>()) { $0.insert($1) }
        }
        #expect(answers == [.supported] && catalog.attempts == 1)
    }
}
