import FoundationEssentials
import LivepatchKit
import Testing

@Suite("Coverage stores")
struct CoverageStoreTests {
    private func entry(_ series: String, codename: String? = nil, until: Date = noon, oldestBuild: Date? = nil) -> KernelCoverage
    {
        KernelCoverage(
            .init(
                series: parsed(series), flavour: parsed("generic"), architecture: .amd64, codename: codename.map { parsed($0) }),
            coveredUntil: until, oldestBuild: oldestBuild)
    }

    @Test("own entries are kept whole, in order, and replaced in one step that is recorded", arguments: Implementation.allCases)
    func local(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let before = try await stores.coverage.coverage()
            #expect(before.table == CoverageTable())
            let entries = [
                entry("5.4"), entry("5.15"), entry("5.15", codename: "jammy", oldestBuild: noon.addingTimeInterval(-10)),
            ]
            let number = try await stores.coverage.setCoverage(
                entries.reversed(), entry: StoreContractTests.entry("coverage"), expecting: before.revision)
            let after = try await stores.coverage.coverage()
            #expect(after.table.local == entries && after.table.upstream.isEmpty)
            #expect(after.revision.rawValue == before.revision.rawValue + 1)
            #expect(try await stores.catalog.change(number)?.action == "coverage")
            await expectError(.catalogueChanged) {
                _ = try await stores.coverage.setCoverage(
                    [], entry: StoreContractTests.entry(), expecting: before.revision)
            }
            #expect(try await stores.coverage.coverage().table == after.table)
        }
    }

    @Test("the upstream's part is switched with the view, and leaves own entries alone", arguments: Implementation.allCases)
    func upstream(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            _ = try await stores.coverage.setCoverage(
                [entry("5.4")], entry: StoreContractTests.entry(), expecting: stores.catalog.revision())
            func sync(_ entries: [KernelCoverage]) async throws -> Int64 {
                try await stores.revisionIncrease {
                    try await stores.catalog.sync { $0.coverage = entries }
                }
            }
            #expect(try await sync([entry("5.4"), entry("6.8")]) == 1)
            #expect(try await sync([entry("6.8"), entry("5.4")]) == 0, "the same entries are no change")
            var table = try await stores.coverage.coverage().table
            #expect(table == CoverageTable(local: [entry("5.4")], upstream: [entry("5.4"), entry("6.8")]))
            #expect(try await sync([entry("6.8", until: noon.addingTimeInterval(1))]) == 1)
            #expect(try await sync([]) == 1)
            table = try await stores.coverage.coverage().table
            #expect(table == CoverageTable(local: [entry("5.4")]))
            // A switch that fails leaves it as it was.
            await expectError(.catalogueChanged) {
                try await stores.catalog.sync {
                    $0.coverage = [entry("6.8")]
                    $0.expected = CatalogRevision(rawValue: 0)
                }
            }
            #expect(try await stores.coverage.coverage().table == table)
        }
    }
}
