import Foundation
import Processes
import Testing

@Suite("Covered kernels", .serialized) struct CoverageTests {
    private func support(_ server: RunningServer, _ series: String) async throws -> String {
        // As Ubuntu's Pro client asks.
        let query =
            "architecture=amd64&build-date=2024-08-24T12%3A34%3A56%2B00%3A00&codename=jammy&flavour=generic&kernel-version=\(series)"
        let answer = try await ask(
            server.port, "GET", "/v1/api/kernels/supported?\(query)",
            ["User-Agent": "UA-Client/31.2.3", "Accept": "application/json", "Content-Type": "application/json"])
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    @Test("are imported, told to everybody, exported again, and travel to the server below")
    func chain() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            #expect(try await support(origin, "5.15") == #"{"Supported":"unknown"}"#)
            try await above.importPatches("--versions 100.1 --kernels 1")
            let table = here.path("table.csv")
            try Data(
                """
                series,flavour,architecture,codename,covered_until,oldest_build
                5.15,generic,amd64,jammy,2099-04-30,2025-01-01
                5.10,generic,amd64,,2099-04-30,
                4.15,generic,amd64,,2020-04-30,
                """.utf8
            ).write(to: URL(filePath: table))
            #expect(try await above("kernels coverage import \(table) --dry-run").contains("would change"))
            #expect(try await above("kernels coverage list --quiet") == "")
            #expect(try await above("kernels coverage import \(table)").contains("done, as change"))
            #expect(try await support(origin, "5.15") == #"{"Supported":"kernel-upgrade-required"}"#)
            #expect(try await support(origin, "5.10") == #"{"Supported":"supported"}"#)
            #expect(try await support(origin, "4.15") == #"{"Supported":"kernel-end-of-life"}"#)
            #expect(try await support(origin, "3.13") == #"{"Supported":"unsupported"}"#)

            let export = here.path("table.yaml")
            try Data(try await above("kernels coverage list --format yaml").utf8).write(to: URL(filePath: export))
            #expect(try await above("kernels coverage import \(export) --replace").contains("nothing to change"))
            try await above.refuse("kernels coverage set 5.15 generic amd64 --until soon", status: 64, saying: "soon")
            try await above.refuse("kernels coverage remove 6.8 generic amd64", status: 66, saying: "6.8 generic amd64")

            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await support(site, "4.15") == #"{"Supported":"kernel-end-of-life"}"#)
            try await above("kernels coverage remove 4.15 generic amd64")
            try await below("kernels coverage set 5.15 generic amd64 --codename jammy --until 2098-01-01")
            try await below.sync()
            #expect(try await support(site, "4.15") == #"{"Supported":"unsupported"}"#)
            #expect(try await support(site, "5.15") == #"{"Supported":"supported"}"#)
            #expect(try await below("kernels coverage list").contains("upstream, replaced"))
            try await below.refuse("kernels coverage remove 5.10 generic amd64", status: 66, saying: "upstream's")
            // It is in the history, and outlives the server.
            #expect(try await above("history --limit 1").contains("kernels coverage remove 4.15 generic amd64"))
            try await site.stop()
            let again = try await here.server("site")
            #expect(try await support(again, "5.15") == #"{"Supported":"supported"}"#)
        }
    }
}
