import ConsoleRecording
import Foundation
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct CoverageTests {
    private func entry(_ series: String, codename: String? = nil, until: String = "2032-04-30") throws -> KernelCoverage {
        KernelCoverage(
            .init(
                series: try KernelSeries(parsing: series), flavour: try Flavour(parsing: "generic"), architecture: .amd64,
                codename: try codename.map(Codename.init(parsing:))),
            coveredUntil: try KernelCoverage.end(parsing: until))
    }

    private func importing(
        _ text: String, name: String = "table.csv", options: [String] = [], server: AnsweringServer = AnsweringServer()
    ) async throws -> Invocation {
        var run: Invocation?
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/\(name)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            run = try await Invocation.run(["kernels", "coverage", "import", path] + options, server: server)
        }
        return try #require(run)
    }

    @Test func `The list shows who says what`() async throws {
        let coverage = CoverageTable(
            local: [try entry("5.15", until: "2020-01-01")], upstream: [try entry("5.15"), try entry("6.8", codename: "noble")])
        let server = AnsweringServer { $0.coverage = coverage }
        let table = try await Invocation.run("kernels", "coverage", "list", server: server).output
        let lines = table.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(lines.count == 4)
        #expect(lines.contains(["5.15", "generic", "amd64", "-", "2020-01-01", "-", "here"]))
        #expect(lines.contains(["6.8", "generic", "amd64", "noble", "2032-04-30", "-", "upstream"]))
        #expect(table.contains("upstream, replaced"))
        let quiet = try await Invocation.run("kernels", "coverage", "list", "--quiet", server: server).output
        #expect(quiet.split(separator: "\n").last == "6.8 generic amd64 --codename noble")
    }

    @Test(arguments: ["json", "yaml"]) func `What is listed is imported as what it was`(format: String) async throws {
        let own = [try entry("5.10"), try entry("5.15", codename: "jammy")]
        let coverage = CoverageTable(local: own, upstream: [try entry("6.8")])
        let server = AnsweringServer { $0.coverage = coverage }
        let exported = try await Invocation.run("kernels", "coverage", "list", "--format", format, server: server).output
        for name in ["table.\(format)", "table"] {
            let same = try await importing(exported, name: name, options: ["--replace"], server: server)
            #expect(same.output.contains("nothing to change") && same.status == 0, "\(same)")
            let elsewhere = try await importing(exported, name: name)
            #expect(elsewhere.output.contains("done, as change 17"), "\(elsewhere)")
            #expect(elsewhere.output.contains("adds 5.10 generic amd64: until 2032-04-30T23:59:59Z"))
            #expect(!elsewhere.output.contains("6.8"), "the upstream's entries stay the upstream's")
        }
    }

    @Test func `A file with mistakes tells all of them, and imports nothing`() async throws {
        let server = AnsweringServer()
        let run = try await importing(
            """
            series,flavour,architecture,codename,covered_until,oldest_build
            5.15,generic,amd64,jammy,2032-04-30,
            5,generic,amd64,,2032-04-30,
            5.4,Generic,amd64,,2032-04-30,
            5.4,generic,amd64,,soon,
            5.15,generic,amd64,jammy,2033-04-30,
            5.4,aws,amd64,,,
            """, server: server)
        #expect(run.status == 65)
        #expect(server.asked == [])
        for words in [
            "Line 3: '5' is not a kernel series", "Line 4: 'Generic'", "Line 5: 'soon'",
            "Line 6: There is an entry for 5.15 generic amd64 --codename jammy on line 2 already",
            "Line 7: 'coveredUntil' is missing",
            "Nothing was imported",
        ] { #expect(run.errorOutput.contains(words), "\(words): \(run.errorOutput)") }
    }

    @Test func `A dry run asks for a plan, and an empty file has to be meant`() async throws {
        let server = AnsweringServer()
        let csv = "series,flavour,architecture,coveredUntil\n5.15,generic,amd64,2032-04-30\n"
        let dry = try await importing(csv, options: ["--dry-run"], server: server)
        #expect(
            dry.output.contains("would change this")
                && server.asked == ["kernels coverage set 5.15 generic amd64 --until 2032-04-30T23:59:59Z dry"])
        #expect(try await importing("series\n").status == 64)
        #expect(try await importing("series\n", options: ["--replace"]).status == 0)
        let missing = try await Invocation.run("kernels", "coverage", "import", "/nowhere/table.csv")
        #expect(missing.status == 66)
    }

    @Test func `Entries are set and removed by the kernels they are about`() async throws {
        let coverage = CoverageTable(local: [try entry("5.15", codename: "jammy")])
        let server = AnsweringServer { $0.coverage = coverage }
        _ = try await Invocation.run(
            "kernels", "coverage", "set", "6.8", "aws", "arm64", "--codename", "noble", "--until", "2029-05-31", "--oldest-build",
            "2025-01-01", server: server)
        let removed = try await Invocation.run(
            "kernels", "coverage", "remove", "5.15", "generic", "amd64", "--codename", "jammy", "--quiet", server: server)
        #expect(removed.output == "17\n")
        let unknown = try await Invocation.run("kernels", "coverage", "remove", "5.15", "generic", "amd64", server: server)
        #expect(unknown.status == 66)
        #expect(
            server.asked == [
                "kernels coverage set 6.8 aws arm64 --codename noble --until 2029-05-31T23:59:59Z --oldest-build 2025-01-01T00:00:00Z",
                "kernels coverage remove 5.15 generic amd64 --codename jammy", "kernels coverage remove 5.15 generic amd64",
            ])
    }
}
