import Foundation
import LivepatchKit
import PatchGenerator
import Processes
import Testing

@Suite("Importing", .serialized) struct ImportTests {
    @Test("a directory adds every patch file, and doing it again changes nothing")
    func directory() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let folder = try here.folder("patches")
            try await here.succeed(
                .generator, [folder, "--versions", "100.1,101.1", "--kernels", "3", "--flavours", "generic,aws"])
            try await administrator(["patch", "import", folder])
            #expect(try await administrator("storage patches --quiet").split(separator: "\n").count == 12)
            #expect(try await administrator.offers("edge") == ["100.1", "101.1"])
            let before = try await administrator("patch show 100.1 --format json")
            let again = try await administrator(["patch", "import", folder])
            #expect(again.contains("12"), "\(again)")
            #expect(try await administrator("patch show 100.1 --format json") == before)
        }
    }

    @Test(
        "names the reason for every kind of fault, with status 65, and the catalogue stays empty", arguments: PatchFault.allCases)
    func faults(_ fault: PatchFault) async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let folder = try here.folder("broken")
            try await here.succeed(.generator, [folder, "--count", "1", "--fault", fault.rawValue])
            let command = try await administrator.run(["patch", "import", folder, "--format", "json"])
            #expect(command.status == 65, "\(command)")
            #expect(command.output.contains(fault.code.rawValue), "\(command)")
            #expect(try await administrator("patch list --quiet").isEmpty)
        }
    }

    @Test("refuses other content under a known name, a name that does not parse, and what is not there")
    func names() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let (first, second) = (try here.folder("first"), try here.folder("second"))
            try await here.succeed(.generator, [first, "--kernels", "1", "--seed", "1"])
            try await here.succeed(.generator, [second, "--kernels", "1", "--seed", "2"])
            try await administrator(["patch", "import", first])
            try await administrator.refuse("patch import \(second)", status: 65)
            let odd = try here.file("livepatch-nonsense.tar.bz2", "x")
            try await administrator.refuse("patch import \(odd)", status: 65)
            try await administrator.refuse("patch import \(here.path("nothing"))", status: 66, saying: "nothing")
        }
    }

    @Test("CVEs and the release time come from the options, and from patch.json otherwise")
    func metadata() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let folder = try here.folder("patches")
            try await here.succeed(.generator, [folder, "--kernels", "1"])
            try await administrator([
                "patch", "import", folder, "--cve", "CVE-2024-1086", "--released-at", "2024-06-01T12:00:00Z",
            ])
            let shown = try await administrator("patch show 100.1 --format json")
            #expect(shown.contains("CVE-2024-1086") && shown.contains("2024-06-01T12:00:00Z"), "\(shown)")
        }
    }

    @Test("from the drop folder takes in what is right, and puts aside what is not")
    func dropFolder() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let incoming = "\(server.dataDirectory)/incoming"
            try await here.succeed(.generator, [incoming, "--versions", "100.1", "--kernels", "2"])
            try await here.succeed(.generator, [incoming, "--versions", "101.1", "--kernels", "1", "--fault", "wrong-kernel"])
            let command = try await administrator.run(["storage", "refresh"])
            #expect(command.status == 65, "\(command)")
            #expect(command.output.contains("2 files imported"), "\(command)")
            #expect(try await administrator("patch list --quiet") == "100.1\n")
            let refused = try FileManager.default.contentsOfDirectory(atPath: "\(incoming)/refused")
            #expect(refused.count == 2, "the file and the reason: \(refused)")
            #expect(try await administrator("storage refresh").contains("0 files imported"))
        }
    }

    @Test("is refused on a server that mirrors its upstream")
    func downstream() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            let site = try await here.downstream(
                "site", of: origin.url, token: above.token("edge", "site"), ["patch-sync.sync-tiers": "true"])
            let folder = try here.folder("patches")
            try await here.succeed(.generator, [folder, "--kernels", "1"])
            try await site.administrator().refuse("patch import \(folder)", status: 77)
        }
    }
}
