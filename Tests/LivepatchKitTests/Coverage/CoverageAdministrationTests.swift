import FoundationEssentials
import LivepatchTesting
import Testing

@testable import LivepatchKit

@Suite struct CoverageAdministrationTests {
    private let now = Date(timeIntervalSince1970: 1_767_225_600)

    private func server(_ id: String = "origin") async throws -> InProcessServer {
        let now = now
        return try await InProcessServer(id: id, now: { now })
    }

    @Test func `A change says what it adds, changes, removes and leaves`() async throws {
        let coverage = try await server().coverage
        let (first, number) = try await coverage.carryOut(
            CoverageChange(set: [entry("5.15"), entry("6.8")]), by: "alice")
        #expect(first.added.map(\.series) == ["5.15", "6.8"] && number == 1)
        let change = CoverageChange(
            set: [try entry("5.15"), try entry("6.8", until: "2030-01-01"), try entry("5.4")], replacesAll: false)
        let plan = try await coverage.plan(change)
        #expect(plan.added.map(\.series) == ["5.4"] && plan.changed.map(\.after.series) == ["6.8"])
        #expect(plan.removed.isEmpty && plan.unchanged == 1)
        #expect(try await coverage.table().local.map(\.series) == ["5.15", "6.8"], "a plan changes nothing")
        _ = try await coverage.carryOut(CoverageChange(set: [entry("6.8", until: "2030-01-01")], replacesAll: true), by: "alice")
        #expect(try await coverage.table().local == [entry("6.8", until: "2030-01-01")])
    }

    @Test func `What changes nothing is not recorded, and does not move the revision`() async throws {
        let server = try await server()
        _ = try await server.coverage.carryOut(CoverageChange(set: [entry()]), by: "alice")
        let revision = try await server.catalog.revision()
        let (plan, number) = try await server.coverage.carryOut(CoverageChange(set: [entry()], replacesAll: true), by: "alice")
        #expect(plan.isEmpty && number == nil)
        #expect(try await server.catalog.revision() == revision)
        let history = try await server.catalog.history(limit: 10, before: nil)
        #expect(history.map(\.action) == ["kernels coverage set 5.15 generic amd64 --until 2027-04-30T23:59:59Z"])
        #expect(history.first?.actor == "alice" && history.first?.isUndoable == false)
    }

    @Test func `Entries that contradict themselves or each other are refused, and nothing is changed`() async throws {
        let server = try await server()
        for set in [
            [try entry("5")], [try entry("5.15.0")], [try entry(), try entry(until: "2030-01-01")],
            [try entry(until: "2024-01-01", oldestBuild: "2025-01-01")], [try entry("6.8"), try entry("5")],
        ] {
            await expectError(.malformedValue) {
                try await server.coverage.carryOut(CoverageChange(set: set), by: "alice")
            }
        }
        let many = try (0...CoveragePlan.limit).map { try entry(KernelSeries(parsing: "5.\($0)")) }
        await expectError(.malformedValue, naming: ["5001", "5000"]) {
            try await server.coverage.plan(CoverageChange(set: many))
        }
        #expect(try await server.coverage.table() == CoverageTable())
    }

    @Test func `What is not there, or is the upstream's, cannot be removed`() async throws {
        let (server, site) = (try await server(), try await server("site"))
        await expectError(.notFound, naming: ["5.15 generic amd64 --codename jammy"]) {
            try await server.coverage.plan(CoverageChange(remove: [entry(codename: "jammy").key]))
        }
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1])
        _ = try await server.coverage.carryOut(CoverageChange(set: [entry()]), by: "alice")
        await site.sync(from: server, secret: try await server.issue("edge", "site"))
        await expectError(.notFound, naming: ["the upstream's", "coverage set"]) {
            try await site.coverage.plan(CoverageChange(remove: [entry().key]))
        }
    }

    @Test func `A command is recorded as it is typed`() throws {
        let key = try entry(codename: "jammy").key
        #expect("\(CoverageChange(remove: [key]))" == "kernels coverage remove 5.15 generic amd64 --codename jammy")
        let entry = try entry(oldestBuild: "2024-01-01")
        #expect(
            "\(CoverageChange(set: [entry]))"
                == "kernels coverage set 5.15 generic amd64 --until 2027-04-30T23:59:59Z --oldest-build 2024-01-01T00:00:00Z")
        #expect("\(CoverageChange(set: [entry], replacesAll: true))" == "kernels coverage import --replace (1 entries)")
    }

    @Test(arguments: ["", "2024-02-30", "2024", "tomorrow", "2024-01-01T00:00:00"]) func `Other words for a day are refused`(
        text: String
    ) {
        expectError(.malformedValue) { try KernelCoverage.end(parsing: text) }
        expectError(.malformedValue) { try KernelCoverage.beginning(parsing: text) }
    }

    private func entry(
        _ series: KernelSeries = "5.15", codename: Codename? = nil, until: String = "2027-04-30", oldestBuild: String? = nil
    ) throws -> KernelCoverage {
        try coverage(series, codename: codename, until: until, oldestBuild: oldestBuild)
    }
}
