import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("Fleets over the wire")
struct FleetRouteTests {
    private var header: HTTPFields { HTTPField.Name(HeaderNames.deployment).map { [$0: "site"] } ?? [:] }

    private func report(
        _ deployment: String = "site", machines: Int = 7, feed: MachineFeedMark? = nil
    ) throws -> FleetReport {
        let id = try DeploymentID(parsing: deployment)
        let tally = FleetTally(machines: machines, current: 0, presence: FleetPresence(), lines: [], failures: [])
        return FleetReport(
            deployment: id, time: Date(timeIntervalSince1970: 0),
            entries: [
                .init(
                    deployment: id, route: [], ageSeconds: 0, staleAfterSeconds: 60, strategy: .unit, tally: tally, feed: feed)
            ])
    }

    private func machine(_ name: String) throws -> Machine {
        Machine(
            id: HashedMachineID(digest: SHA256Digest(of: Array(name.utf8))), authToken: "lab",
            tier: try TierName(parsing: "edge"),
            registered: Date(timeIntervalSince1970: 0))
    }

    @Test func `a downstream's report is taken with its token, and told to administrators with its age`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        let session = try await server.session()
        let bytes = try DocumentCoding.encode(try report())
        try await server.application.test(.router) { client async throws in
            #expect(try await client.send(.post, Paths.fleetReport, headers: header, body: bytes).status == .unauthorized)
            #expect(
                try await client.send(.post, Paths.fleetReport, token: session, headers: header, body: bytes).status
                    == .unauthorized)
            let answer = try await client.send(.post, Paths.fleetReport, token: secret, headers: header, body: bytes)
            #expect(try answer.decoded(FleetReceipt.self) == FleetReceipt(deployments: 1, feeds: []))
            server.clock.pass(90)

            let alone = try await client.send(.get, Paths.fleetSummary, token: session).decoded(FleetSummaryBody.self)
            #expect(alone.summary.machines == 0 && alone.hasDownstreams && alone.deployments.count == 1)
            let path = Paths.fleetSummary + "?include-downstream=true"
            let body = try await client.send(.get, path, token: session).decoded(FleetSummaryBody.self)
            #expect(body.summary.machines == 7 && body.deployments.map(\.ageSeconds) == [0, 90])
            #expect(body.deployments.map(\.isStale) == [false, true])
            #expect(try await client.send(.get, path, token: secret).status == .unauthorized)
        }
    }

    @Test func `whoever reports for somebody else, too much, or nothing that can be read is refused`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client async throws in
            func post(_ bytes: [UInt8], _ path: String = Paths.fleetReport, _ headers: HTTPFields? = nil) async throws -> String?
            {
                try await client.send(.post, path, token: secret, headers: headers ?? header, body: bytes).problem?.code
            }
            #expect(try await post(DocumentCoding.encode(report("another"))) == "malformed-request")
            #expect(try await post(Array("{".utf8)) == "malformed-request")
            #expect(try await post([UInt8](repeating: 0x20, count: FleetBounds.bodyBytes + 1)) == "request-too-large")
            let page = MachinePage(
                header: .init(deployment: try DeploymentID(parsing: "site"), epoch: "abc", after: 0, upTo: 1),
                machines: [try machine("a")])
            #expect(try await post(page.encoded(), Paths.machineReports) == "malformed-request")
            #expect(try await post(page.encoded(), Paths.machineReports, [:]) == "malformed-request")
            #expect(try await post([], Paths.machineReports) == "malformed-request")
        }
    }

    @Test func `machines that a downstream passes on are listed page by page after this server's own`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        let session = try await server.session()
        for name in ["own-1", "own-2"] { _ = try await server.machine(name, in: "edge") }
        let mark = MachineFeedMark(epoch: "abc", sequence: 3)
        let page = MachinePage(
            header: .init(deployment: try DeploymentID(parsing: "site"), epoch: "abc", after: 0, upTo: 3),
            machines: [try machine("a"), try machine("b"), try machine("c")])
        let bytes = try DocumentCoding.encode(try report(feed: mark))
        try await server.application.test(.router) { client async throws in
            let receipt = try await client.send(.post, Paths.fleetReport, token: secret, headers: header, body: bytes)
            #expect(try receipt.decoded(FleetReceipt.self).feeds.map(\.mark) == [nil])
            let taken = try await client.send(
                .post, Paths.machineReports, token: secret, headers: header, body: try page.encoded())
            #expect(try taken.decoded(FleetReceipt.Feed.self).machines == 3)

            var lines: [MachineAdministration.Line] = []
            var next: String?
            var pages = 0
            repeat {
                let after = next.map { "&cursor=\($0.replacing("/", with: "%2F"))" } ?? ""
                let body = try await client.send(
                    .get, "\(Paths.machines)?include-downstream=true&limit=2\(after)", token: session
                ).decoded(MachineListBody.self)
                lines += body.machines
                next = body.next
                pages += 1
            } while next != nil && pages < 9
            #expect(pages == 3 && lines.count == 5 && Set(lines.map(\.machine.id)).count == 5)
            #expect(lines.map { $0.deployment?.rawValue } == [nil, nil, "site", "site", "site"])
            func count(_ query: String) async throws -> Int {
                try await client.send(.get, "\(Paths.machineCount)?\(query)", token: session).decoded(MachineCountBody.self)
                    .machines
            }
            #expect(try await count("") == 2)
            #expect(try await count("include-downstream=true") == 5)
            #expect(try await count("include-downstream=true&auth-token=lab") == 3)
            for query in ["limit=0", "cursor=x", "state=broken", "silent-since=yesterday", "tier=a%20b"] {
                let status = try await client.send(.get, "\(Paths.machines)?\(query)", token: session).status
                #expect(status == .badRequest, "\(query)")
            }
        }
    }

    @Test func `a machine is found by its own id, its hash, and the beginning of that`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        _ = try await server.machine("my-machine", in: "edge")
        let id = HashedMachineID(try MachineID(parsing: "my-machine"), key: ServerUnderTest.machineKey)
        try await server.application.test(.router) { client async throws in
            for reference in ["my-machine", "\(id)", id.short, String("\(id)".prefix(8)).uppercased()] {
                let answer = try await client.send(.get, Paths.administeredMachine(reference), token: session)
                #expect(try answer.decoded(MachineDetailBody.self).machine.id == id, "\(reference)")
            }
            for reference in ["another", String("\(id)".prefix(7)), "00000000"] {
                let answer = try await client.send(.get, Paths.administeredMachine(reference), token: session)
                #expect(answer.problem?.code == "not-found", "\(reference)")
            }
            #expect(try await client.send(.get, Paths.administeredMachine("my-machine")).status == .unauthorized)
        }
        #expect(!server.log.lines.contains { $0.contains("my-machine") }, "the log names the machine")
    }

    @Test func `labels are given and taken away, within bounds`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        _ = try await server.machine("my-machine", in: "edge")
        let path = Paths.machineTags("my-machine")
        try await server.application.test(.router) { client async throws in
            let tagged = try await client.post(path, MachineTagsBody(add: ["b", "a=1"], remove: ["x"]), token: session)
            #expect(try tagged.decoded(Machine.self).tags == ["a=1", "b"])
            let changed = try await client.post(path, MachineTagsBody(add: ["c"], remove: ["b"]), token: session)
            #expect(try changed.decoded(Machine.self).tags == ["a=1", "c"])
            for bad in ["", "-x", "a b", String(repeating: "x", count: 65)] {
                let answer = try await client.post(path, MachineTagsBody(add: [bad], remove: []), token: session)
                #expect(answer.problem?.code == "malformed-value", "\(bad)")
            }
            let many = MachineTagsBody(add: (0..<31).map { "t\($0)" }, remove: [])
            #expect(try await client.post(path, many, token: session).problem?.code == "malformed-value")
        }
        #expect(try await server.catalog.history(limit: 9, before: nil).count { $0.action.hasPrefix("machines tag") } == 2)
    }

    @Test func `machines are forgotten by name or filter, after a dry run that forgets none`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let token = try await server.machine("gone", in: "edge")
        _ = try await server.machine("kept", in: "stable")
        let edge = try MachineQuery(parameters: [(name: "tier", value: "edge")])
        try await server.application.test(.router) { client async throws in
            func forget(_ body: MachineForgetBody) async throws -> TestResponse {
                try await client.post(Paths.machineForget, body, token: session)
            }
            #expect(try await forget(.init(dryRun: false)).problem?.code == "malformed-request")
            #expect(try await forget(.init(query: MachineQuery(), dryRun: false)).problem?.code == "malformed-request")
            #expect(try await forget(.init(machines: ["nobody"], dryRun: false)).problem?.code == "not-found")
            let dry = try await forget(.init(query: edge, dryRun: true)).decoded(MachinesForgottenBody.self)
            #expect(dry.machines == 1 && dry.dryRun)
            #expect(try await client.send(.get, "/v1/client/gone/info", token: token).status == .ok)
            let real = try await forget(.init(query: edge, dryRun: false)).decoded(MachinesForgottenBody.self)
            #expect(real.machines == 1 && real.ids == dry.ids)
            #expect(try await client.send(.get, "/v1/client/gone/info", token: token).status == .unauthorized)
            #expect(try await forget(.init(machines: ["kept"], dryRun: false)).decoded(MachinesForgottenBody.self).machines == 1)
        }
        let actions = try await server.catalog.history(limit: 9, before: nil).map(\.action)
        #expect(actions.contains("machines forget --tier edge (1 machines)"), "\(actions)")
    }

    @Test func `the health of a patch is told by tier, and what there is not is refused`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        _ = try await server.machine("m", in: "edge")
        let report = MachineReport(
            kernel: MachineKernel(version: file.name.kernel, flavour: file.name.flavour, architecture: file.name.architecture),
            patchState: .needsCheck)
        let id = HashedMachineID(try MachineID(parsing: "m"), key: ServerUnderTest.machineKey)
        try await server.parts.machines.store.write([
            MachineUpdate(machine: id, time: server.clock.now, report: report, isChange: true)
        ])
        try await server.application.test(.router) { client async throws in
            func health(_ version: String, _ query: String = "") async throws -> TestResponse {
                try await client.send(.get, Paths.patchHealth(PatchVersion(parsing: version)) + query, token: session)
            }
            #expect(try await health("107.1").decoded(PatchHealthBody.self).health.counts == .init(pending: 1))
            #expect(try await health("107.1", "?tier=edge").decoded(PatchHealthBody.self).health.counts.pending == 1)
            #expect(try await health("107.1", "?tier=stable").decoded(PatchHealthBody.self).health.counts.isEmpty)
            #expect(try await health("107.1", "?tier=nowhere").problem?.code == "tier-unknown")
            #expect(try await health("999.1").problem?.code == "version-unknown")
        }
    }
}
