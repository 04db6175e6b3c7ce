import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A fleet store keeps what deployments below report")
struct DownstreamStoreTests {
    private func report(_ route: [String], token: String = "site", machines: Int = 1, at seconds: Double = 0) -> DownstreamReport
    {
        DownstreamReport(
            token: token, route: route.map(deployment), asOf: noon.addingTimeInterval(seconds), staleAfterSeconds: 60,
            strategy: .unit,
            tally: FleetTally(machines: machines, current: 0, presence: FleetPresence(), lines: [], failures: []),
            feed: MachineFeedMark(epoch: "abc", sequence: 7))
    }

    private func source(_ route: [String], token: String = "site") -> DownstreamSource {
        DownstreamSource(token: token, reporter: deployment(route[0]), deployment: deployment(route[route.count - 1]))
    }

    private func machine(_ name: String, tier tierName: String = "stable", state: PatchState = .applied) -> Machine {
        let kernel = MachineKernel(
            version: parsed("5.15.0-107.117"), flavour: parsed("generic"), architecture: parsed("amd64"))
        return Machine(
            id: HashedMachineID(digest: hash(name)), authToken: "lab", tier: tier(tierName), registered: noon, lastSeen: noon,
            report: MachineReport(kernel: kernel, patchState: state, patchVersion: patch("107.1")), tags: ["rack=7"])
    }

    private func page(
        _ machines: [Machine], after: Int64 = 0, upTo: Int64, of name: String = "mid", epoch: String = "abc"
    ) -> MachinePage {
        MachinePage(
            header: MachinePage.Header(deployment: deployment(name), epoch: epoch, after: after, upTo: upTo), machines: machines)
    }

    @Test(
        "a report replaces what the same deployment reported with the same token, and nothing else",
        arguments: Implementation.allCases)
    func replaces(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            for name in ["site", "other"] { try await stores.tokens.add(token(name, secret: name), entry: entry()) }
            func keep(_ reports: [DownstreamReport], _ token: String = "site", _ reporter: String = "mid") async throws {
                try await stores.fleet.replaceDownstreamReports(
                    reports, token: token, reporter: deployment(reporter), received: noon.addingTimeInterval(10))
            }
            try await keep([report(["mid"]), report(["mid", "low"]), report(["mid", "gone"])])
            let others = [report(["mid", "low"], token: "other", machines: 99)]
            try await keep(others, "other")
            let neighbour = [report(["next"], machines: 5)]
            try await keep(neighbour, "site", "next")
            let newer = [report(["mid", "low"], machines: 3, at: 5), report(["mid"], machines: 2, at: 5)]
            try await keep(newer)
            let expected = others + newer + neighbour
            #expect(try await stores.fleet.downstreamReports() == expected)

            // A token that is revoked takes its reports with it, and one of the same name does not bring them back.
            try await stores.tokens.update("site", entry: entry()) { $0.revoked = noon }
            #expect(try await stores.fleet.downstreamReports() == others)
            await expectError(.notFound) { try await keep(newer) }
            try await stores.tokens.add(token("site", created: noon.addingTimeInterval(20), secret: "new"), entry: entry())
            #expect(try await stores.fleet.downstreamReports() == others)
            #expect(try await stores.catalog.revision().rawValue == 1, "nobody below has to hear of more than the revocation")
        }
    }

    @Test("pages of machines follow one another, and one that does not fit changes nothing", arguments: Implementation.allCases)
    func pages(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = stores.fleet
            try await stores.tokens.add(token("site"), entry: entry())
            let mid = source(["mid"])
            #expect(try await fleet.downstreamFeed(mid) == nil)
            #expect(try await fleet.keep(page([machine("a")], upTo: 3), from: mid) == nil)
            try await fleet.replaceDownstreamReports(
                [report(["mid"])], token: "site", reporter: deployment("mid"), received: noon)
            #expect(try await fleet.downstreamFeed(mid)?.mark == nil)
            #expect(try await fleet.downstreamChangeMark(mid) == nil)

            func keep(_ page: MachinePage) async throws -> (Int64?, Int?) {
                let state = try await fleet.keep(page, from: mid)
                return (state?.mark?.sequence, state?.machines)
            }
            #expect(try await keep(page([machine("a"), machine("b")], upTo: 4)) == (4, 2))
            #expect(try await keep(page([machine("c")], after: 4, upTo: 9)) == (9, 3))
            #expect(try await keep(page([machine("d")], after: 4, upTo: 9)) == (9, 3), "the same place twice")
            #expect(try await keep(page([machine("d")], after: 9, upTo: 12, epoch: "xyz")) == (9, 3), "another sequence")
            #expect(try await keep(page([machine("a", state: .applyFailed)], after: 9, upTo: 12)) == (12, 3))

            // What goes on from here is a sequence of this server's own: the machine that changed comes last.
            let changes = try await fleet.downstreamChanges(of: mid, after: 0, limit: 9)
            #expect(changes.map(\.machine) == [machine("b"), machine("c"), machine("a", state: .applyFailed)])
            let mark = try await fleet.downstreamChangeMark(mid)
            let own = try await fleet.machineFeed()
            #expect(mark?.sequence == changes.last?.sequence && mark?.epoch == own.epoch)
            #expect(try await fleet.downstreamChanges(of: mid, after: changes[1].sequence, limit: 9).count == 1)

            // A report of the same deployment keeps its machines; from the beginning on they begin anew.
            try await fleet.replaceDownstreamReports(
                [report(["mid"], machines: 2)], token: "site", reporter: deployment("mid"), received: noon)
            #expect(try await fleet.downstreamFeed(mid)?.machines == 3)
            #expect(try await keep(page([machine("z")], upTo: 1, epoch: "xyz")) == (1, 1))
            try await fleet.replaceDownstreamReports([], token: "site", reporter: deployment("mid"), received: noon)
            #expect(try await fleet.downstreamFeed(mid) == nil)
            #expect(try await fleet.countDownstreamMachines(MachineQuery(), among: [mid]) == 0)
        }
    }

    @Test("machines below are found as this server's own are, page by page", arguments: Implementation.allCases)
    func queries(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = stores.fleet
            try await stores.tokens.add(token("site"), entry: entry())
            try await fleet.replaceDownstreamReports(
                [report(["mid"]), report(["mid", "low"])], token: "site", reporter: deployment("mid"), received: noon)
            var silent = machine("silent", tier: "edge", state: .applyFailed)
            silent.lastSeen = nil
            silent.sharedSince = noon
            silent.tags = []
            silent.report?.attemptedVersion = patch("108.1")
            var bare = machine("bare")
            bare.report = nil
            let sources = [source(["mid"]), source(["mid", "low"])]
            _ = try await fleet.keep(page([machine("a"), machine("b"), silent], upTo: 3), from: sources[0])
            _ = try await fleet.keep(page([machine("a"), bare], upTo: 3, of: "low"), from: sources[1])

            let all = try await fleet.downstreamMachines(MachineQuery(), among: sources, after: nil, limit: 99)
            #expect(all.map(\.deployment.rawValue) == ["low", "low", "mid", "mid", "mid"])
            var collected: [DownstreamMachine] = []
            while collected.count < 9 {
                let next = try await fleet.downstreamMachines(
                    MachineQuery(), among: sources, after: collected.last?.place, limit: 2)
                if next.isEmpty { break }
                collected += next
            }
            #expect(collected == all)
            #expect(try await fleet.downstreamMachines(MachineQuery(), among: [sources[1]], after: nil, limit: 9).count == 2)

            var queries: [(MachineQuery, Int)] = []
            func add(_ count: Int, _ change: (inout MachineQuery) -> Void) {
                var query = MachineQuery()
                change(&query)
                queries.append((query, count))
            }
            add(5) { _ in }
            add(4) { $0.tier = tier("stable") }
            add(5) { $0.authToken = "lab" }
            add(0) { $0.authToken = "x" }
            add(4) { $0.patchVersion = patch("107.1") }
            add(1) { $0.patchVersion = patch("108.1") }
            add(4) { $0.states = [.applied, .applyFailed] }
            add(1) { $0.states = [.applyFailed] }
            add(4) { $0.kernel = parsed("5.15.0-107.117") }
            add(0) { $0.flavour = parsed("aws") }
            add(4) { $0.architecture = parsed("amd64") }
            add(4) { $0.tags = ["rack=7"] }
            add(0) { $0.tags = ["rack=7", "x"] }
            add(1) { $0.silentSince = noon }
            add(5) { $0.silentSince = noon.addingTimeInterval(0.5) }
            add(4) { $0.seenSince = noon }
            add(0) { $0.seenSince = noon.addingTimeInterval(0.5) }
            add(1) { $0.shared = true }
            add(2) { $0.idPrefix = String(hash("a").description.prefix(10)).uppercased() }
            add(0) { $0.idPrefix = "nothing" }
            for (query, count) in queries {
                #expect(try await fleet.countDownstreamMachines(query, among: sources) == count, "\(query)")
                #expect(
                    try await fleet.downstreamMachines(query, among: sources, after: nil, limit: 99).count == count, "\(query)")
            }
        }
    }
}
