import FoundationEssentials
import LivepatchKit
import Testing

func kernel(_ version: String = "5.15.0-107.117", _ flavour: String = "generic", _ architecture: String = "amd64")
    -> MachineKernel
{
    MachineKernel(version: parsed(version), flavour: parsed(flavour), architecture: parsed(architecture))
}

func report(
    _ state: PatchState = .applied, _ version: String? = "107.1", kernel: MachineKernel = kernel(),
    _ change: (inout MachineReport) -> Void = { _ in }
) -> MachineReport {
    var report = MachineReport(kernel: kernel, patchState: state, patchVersion: version.map(patch))
    change(&report)
    return report
}

func update(
    _ machine: String, _ seconds: Double = 0, _ report: MachineReport = report(), isChange: Bool = true, booted: Double? = nil,
    shared: Double? = nil
) -> MachineUpdate {
    MachineUpdate(
        machine: machineID(machine), time: noon.addingTimeInterval(seconds), report: report, isChange: isChange,
        booted: booted.map(noon.addingTimeInterval), sharedSince: shared.map(noon.addingTimeInterval))
}

extension Stores {
    /// Attaches machines with an auth token that is made as needed. A machine's first token is of the secret `NAME 1`.
    func attach(_ machines: String..., with token: AuthToken = authToken("web"), number: Int = 1, at seconds: Double = 0)
        async throws
    {
        if try await authTokens.authToken(hash: token.hash) == nil { try await authTokens.add(token, entry: entry()) }
        for machine in machines {
            _ = try await self.machines.register(
                machineID(machine), token: hash("\(machine) \(number)"), with: token.hash, at: noon.addingTimeInterval(seconds))
        }
    }

    func ids(_ change: (inout MachineQuery) -> Void) async throws -> Set<HashedMachineID> {
        var query = MachineQuery()
        change(&query)
        let machines = try await self.machines.machines(query, after: nil, limit: 100)
        #expect(try await self.machines.count(query) == machines.count)
        return Set(machines.map(\.id))
    }
}

@Suite("A machine store")
struct MachineStoreTests {
    // MARK: Registration

    @Test("a machine is attached with a token of its own, and anew with one more", arguments: Implementation.allCases)
    func registers(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let machines = stores.machines
            try await stores.authTokens.add(authToken("web", tier: "beta"), entry: entry())
            let machine = try await machines.register(
                machineID("m"), token: hash("m 1"), with: hash("web"), at: noon.addingTimeInterval(0.5))
            #expect(machine == Machine(id: machineID("m"), authToken: "web", tier: tier("beta"), registered: noon))
            #expect(try await machines.machine(machineID("m")) == machine)
            #expect(try await machines.machine(machineID("other")) == nil)
            let identity = try await machines.machineIdentity(hash: hash("m 1"))
            #expect(
                identity
                    == MachineIdentity(
                        machine: machineID("m"), authToken: "web", tier: tier("beta"), issued: noon, isNewest: true))

            try await stores.attach("m", with: authToken("db", tier: "stable"), number: 2, at: 60)
            let anew = try await machines.machine(machineID("m"))
            #expect(anew?.authToken == "db" && anew?.tier == tier("stable"))
            #expect(anew?.registered == noon.addingTimeInterval(60))
            let old = try await machines.machineIdentity(hash: hash("m 1"))
            #expect(old?.isNewest == false && old?.tier == tier("beta"))
            #expect(try await machines.machineIdentity(hash: hash("m 2"))?.isNewest == true)
            #expect(try await machines.machineIdentity(hash: hash("m 3")) == nil)
            #expect(try await stores.authTokens.authTokens().map(\.machines) == [1, 0])
            // Nobody reads of ten thousand registrations.
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 2)
            #expect(try await stores.catalog.revision().rawValue == 0)
        }
    }

    @Test("of a machine's tokens the newest four work", arguments: Implementation.allCases)
    func tokenLimit(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("other")
            for number in 1...6 { try await stores.attach("m", number: number) }
            var working: [Int] = []
            for number in 1...6 where try await stores.machines.machineIdentity(hash: hash("m \(number)")) != nil {
                working.append(number)
            }
            #expect(working == [3, 4, 5, 6])
            #expect(try await stores.machines.machineIdentity(hash: hash("other 1")) != nil)
            #expect(try await stores.authTokens.authTokens().map(\.machines) == [2])
        }
    }

    @Test("an auth token that is unknown, revoked or expired attaches nothing", arguments: Implementation.allCases)
    func refuses(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            var expired = authToken("expired")
            expired.validUntil = noon
            var revoked = authToken("revoked")
            revoked.revoked = noon
            for token in [expired, revoked] { await expectError(.tokenRefused) { try await stores.attach("m", with: token) } }
            await expectError(.tokenRefused) {
                _ = try await stores.machines.register(machineID("m"), token: hash("m 1"), with: hash("unknown"), at: noon)
            }
            #expect(try await stores.machines.machine(machineID("m")) == nil)
            #expect(try await stores.machines.machineIdentity(hash: hash("m 1")) == nil)
            try await stores.attach("m", with: expired, at: -1)
        }
    }

    @Test(
        "a limit counts each machine once, those that hang on another token or on none not at all",
        arguments: Implementation.allCases)
    func machineLimit(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            var limited = authToken("limited")
            limited.machineLimit = 2
            try await stores.attach("a", "b", with: limited)
            try await stores.attach("a", with: limited, number: 5)
            await expectError(.machineLimit) { try await stores.attach("c", with: limited) }
            #expect(try await stores.machines.machine(machineID("c")) == nil)
            try await stores.attach("b", with: limited, number: 2)
            try await stores.attach("b", number: 3)
            try await stores.attach("c", with: limited)
            await expectError(.machineLimit) { try await stores.attach("b", with: limited, number: 4) }
            try await stores.machines.endMachineToken(hash: hash("c 1"))
            try await stores.attach("d", with: limited)
            await expectError(.machineLimit) { try await stores.attach("c", with: limited, number: 2) }
            _ = try await stores.machines.forget([machineID("a")], entry: entry())
            try await stores.attach("c", with: limited, number: 2)
        }
    }

    @Test("at most as many machines as the limit are attached at once", arguments: Implementation.allCases)
    func concurrentLimit(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let limited = AuthToken(
                id: "limited", tier: tier("edge"), created: noon, machineLimit: 5, hash: hash("limited"))
            try await stores.authTokens.add(limited, entry: entry())
            let attached = try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        do {
                            try await stores.attach("m\(number)", with: limited)
                            return 1
                        } catch let error as LivepatchError where error.code == .machineLimit {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(attached == 5)
            #expect(try await stores.authTokens.authTokens().map(\.machines) == [5])
        }
    }

    @Test(
        "a token that is ended leaves the machine on the one before it, and at last on none", arguments: Implementation.allCases)
    func ends(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let machines = stores.machines
            try await stores.attach("m")
            try await stores.attach("m", with: authToken("db", tier: "stable"), number: 2)
            try await machines.endMachineToken(hash: hash("m 2"))
            #expect(try await machines.machineIdentity(hash: hash("m 2")) == nil)
            #expect(try await machines.machineIdentity(hash: hash("m 1"))?.isNewest == true)
            #expect(try await machines.machine(machineID("m"))?.authToken == "web")
            for _ in 0..<2 { try await machines.endMachineToken(hash: hash("m 1")) }
            #expect(try await machines.machine(machineID("m"))?.authToken == "web")
            #expect(try await stores.authTokens.authTokens().map(\.machines) == [0, 0])
        }
    }

    @Test("what happens to an auth token happens to its machines", arguments: Implementation.allCases)
    func follows(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m")
            try await stores.attach("n", with: authToken("db"))
            _ = try await stores.authTokens.updateAuthToken("web", entry: entry()) { $0.tier = tier("stable") }
            #expect(try await stores.machines.machineIdentity(hash: hash("m 1"))?.tier == tier("stable"))
            #expect(try await stores.machines.machine(machineID("m"))?.tier == tier("stable"))
            #expect(try await stores.machines.machine(machineID("n"))?.tier == tier("edge"))
            _ = try await stores.authTokens.updateAuthToken("web", entry: entry()) { $0.revoked = noon }
            #expect(try await stores.machines.machineIdentity(hash: hash("m 1")) == nil)
            #expect(try await stores.machines.machineIdentity(hash: hash("n 1")) != nil)
            // Another token of that id is another token.
            try await stores.attach("o", with: authToken("web", secret: "again"))
            #expect(try await stores.machines.machineIdentity(hash: hash("m 1")) == nil)
            #expect(try await stores.machines.machine(machineID("m")) != nil)
        }
    }

    // MARK: Reports

    @Test("a report is kept whole, and a change is a line of the history", arguments: Implementation.allCases)
    func reports(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m", "n")
            let whole = report(.applyFailed, "107.1") {
                $0.attemptedVersion = patch("108.1")
                $0.cpuModel = "toaster"
                $0.bootTime = noon.addingTimeInterval(-60)
                $0.uptimeSeconds = 60
                $0.time = noon
                $0.message = "no symbol ˙\u{0}\n"
                $0.lastCheck = noon.addingTimeInterval(-3600)
                $0.clientVersion = "livepatch-agent/0.1.0"
                $0.kernelBuildDate = noon.addingTimeInterval(-86_400)
                $0.codename = "jammy"
                $0.cutoffDate = noon
                $0.patchDelaySeconds = 5
            }
            try await stores.machines.write([
                update("m", 0.75, whole, booted: -60), update("unknown"), update("n", 1, report(.unapplied, nil)),
            ])
            let machine = try await stores.machines.machine(machineID("m"))
            #expect(machine?.report == whole)
            #expect(machine?.lastSeen == noon && machine?.stateSince == noon && machine?.booted == noon.addingTimeInterval(-60))
            #expect(machine?.sharedSince == nil)
            #expect(try await stores.machines.history(of: machineID("m"), limit: 9) == [update("m", 0, whole, booted: -60)])
            #expect(try await stores.machines.machine(machineID("unknown")) == nil)
            #expect(try await stores.machines.history(of: machineID("unknown"), limit: 9) == [])
            #expect(try await stores.machines.history(of: machineID("n"), limit: 9).count == 1)
            #expect(try await stores.catalog.revision().rawValue == 0)
        }
    }

    @Test("only changes are lines, newest first, and the state is as old as it is", arguments: Implementation.allCases)
    func history(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m")
            let failed = report(.applyFailed)
            try await stores.machines.write([update("m", 0), update("m", 10, isChange: false), update("m", 20, failed)])
            try await stores.machines.write([
                update("m", 30, failed, isChange: false, booted: -5), update("m", 40, report(.applyFailed) { $0.message = "no" }),
            ])
            let machine = try await stores.machines.machine(machineID("m"))
            #expect(machine?.lastSeen == noon.addingTimeInterval(40))
            // Another message is a change, and the machine's state is the same.
            #expect(machine?.stateSince == noon.addingTimeInterval(20))
            #expect(machine?.booted == noon.addingTimeInterval(-5))
            let times = try await stores.machines.history(of: machineID("m"), limit: 9).map { $0.time.timeIntervalSince(noon) }
            #expect(times == [40, 20, 0])
            #expect(try await stores.machines.history(of: machineID("m"), limit: 1).map(\.report.message) == ["no"])
            #expect(try await stores.machines.history(of: machineID("m"), limit: -1) == [])
        }
    }

    @Test("that two machines use an id is known until it registers anew", arguments: Implementation.allCases)
    func shared(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m")
            func since() async throws -> Double? {
                try await stores.machines.machine(machineID("m"))?.sharedSince?.timeIntervalSince(noon)
            }
            try await stores.machines.write([update("m", 10, shared: 10), update("m", 20, isChange: false)])
            #expect(try await since() == 10)
            #expect(try await stores.ids { $0.shared = true } == [machineID("m")])
            try await stores.attach("m", number: 2, at: 30)
            #expect(try await since() == nil)
            // A report from before that is late.
            try await stores.machines.write([update("m", 25, shared: 10)])
            #expect(try await since() == nil)
            try await stores.machines.write([update("m", 40, isChange: false, shared: 40)])
            #expect(try await since() == 40)
        }
    }

    @Test("old lines are forgotten, a number at a time, and the last report stays", arguments: Implementation.allCases)
    func retention(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m", "n")
            try await stores.machines.write((0..<10).flatMap { [update("m", Double($0)), update("n", Double($0))] })
            #expect(try await stores.machines.removeHistory(before: noon.addingTimeInterval(7.5), limit: 6) == 6)
            let cleaner = MachineHistoryCleaner(
                machines: stores.machines, retention: .seconds(3600), rowLimit: 4, now: { noon.addingTimeInterval(3607) })
            #expect(try await cleaner.clean() == 8)
            #expect(try await cleaner.clean() == 0)
            let left = try await stores.machines.history(of: machineID("m"), limit: 99).map { $0.time.timeIntervalSince(noon) }
            #expect(left == [9, 8, 7])
            _ = try await stores.machines.removeHistory(before: noon.addingTimeInterval(99), limit: 99)
            #expect(try await stores.machines.machine(machineID("m"))?.report == report())
        }
    }

    @Test("where reports are not kept, a machine's tier and last sign of life are", arguments: Implementation.allCases)
    func withoutReports(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m")
            try await stores.machines.write([update("m", 0)])
            try await stores.silentMachines.write([update("m", 10, booted: -60, shared: 10)])
            let machine = try await stores.machines.machine(machineID("m"))
            #expect(machine?.lastSeen == noon.addingTimeInterval(10) && machine?.sharedSince == noon.addingTimeInterval(10))
            #expect(machine?.report == nil && machine?.stateSince == nil)
            #expect(try await stores.machines.history(of: machineID("m"), limit: 9).count == 1)
            #expect(try await stores.ids { $0.states = [.applied] } == [])
            #expect(try await stores.ids { $0.tier = tier("edge") } == [machineID("m")])
        }
    }

    // MARK: Reading

    @Test("machines are found by what is known of them", arguments: Implementation.allCases)
    func queries(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("a", "b")
            try await stores.attach("c", "d", with: authToken("db", tier: "stable"))
            let aws = kernel("6.1.0-56.192.2", "aws", "arm64")
            try await stores.machines.write([
                update("a", 10), update("b", 20, report(.applyFailed, "106.1") { $0.attemptedVersion = patch("107.1") }),
                update("c", 30, report(.unapplied, nil, kernel: aws)),
            ])
            try await stores.machines.setTags(["x", "y"], of: machineID("a"), entry: entry())
            try await stores.machines.setTags(["x"], of: machineID("d"), entry: entry())
            let (a, b, c, d) = (machineID("a"), machineID("b"), machineID("c"), machineID("d"))
            #expect(try await stores.ids { _ in } == [a, b, c, d])
            #expect(try await stores.ids { $0.tier = tier("stable") } == [c, d])
            #expect(try await stores.ids { $0.authToken = "web" } == [a, b])
            #expect(try await stores.ids { $0.patchVersion = patch("107.1") } == [a, b])
            #expect(try await stores.ids { $0.patchVersion = patch("106.1") } == [b])
            #expect(try await stores.ids { $0.states = [.applied, .unapplied] } == [a, c])
            #expect(try await stores.ids { $0.kernel = aws.version } == [c])
            #expect(try await stores.ids { $0.flavour = aws.flavour } == [c])
            #expect(try await stores.ids { $0.architecture = kernel().architecture } == [a, b])
            #expect(try await stores.ids { $0.tags = ["x"] } == [a, d])
            #expect(try await stores.ids { $0.tags = ["y", "x"] } == [a])
            #expect(try await stores.ids { $0.silentSince = noon.addingTimeInterval(20) } == [a, d])
            #expect(try await stores.ids { $0.silentSince = noon.addingTimeInterval(20.5) } == [a, b, d])
            #expect(try await stores.ids { $0.seenSince = noon.addingTimeInterval(20) } == [b, c])
            #expect(try await stores.ids { $0.seenSince = noon.addingTimeInterval(20.5) } == [c])
            #expect(try await stores.ids { $0.shared = true } == [])
            #expect(
                try await stores.ids {
                    $0.tier = tier("edge")
                    $0.states = [.applied, .applyFailed]
                    $0.patchVersion = patch("107.1")
                    $0.tags = ["x"]
                } == [a])
            let digits = "\(c)"
            #expect(try await stores.ids { $0.idPrefix = String(digits.prefix(9)) } == [c])
            #expect(try await stores.ids { $0.idPrefix = digits.uppercased() } == [c])
            #expect(try await stores.ids { $0.idPrefix = "" } == [a, b, c, d])
            for nothing in ["\(digits)0", "xyz", "' OR 1=1 --", "0x"] {
                #expect(try await stores.ids { $0.idPrefix = nothing } == [])
            }
        }
    }

    @Test("machines are listed page by page, in order of id", arguments: Implementation.allCases)
    func pages(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            for number in 0..<7 { try await stores.attach("m\(number)") }
            var pages: [[HashedMachineID]] = []
            repeat {
                pages.append(
                    try await stores.machines.machines(MachineQuery(), after: pages.last?.last, limit: 3).map(\.id))
            } while pages.last?.isEmpty == false
            #expect(pages.map(\.count) == [3, 3, 1, 0])
            #expect(pages.flatMap { $0 } == (0..<7).map { machineID("m\($0)") }.sorted())
            #expect(try await stores.machines.machines(MachineQuery(), after: nil, limit: 0) == [])
        }
    }

    // MARK: Administration

    @Test("a machine is forgotten with all that is known of it", arguments: Implementation.allCases)
    func forgets(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("a", "b", "c")
            try await stores.machines.write([update("a"), update("b")])
            try await stores.machines.setTags(["x"], of: machineID("a"), entry: entry())
            var increase = try await stores.revisionIncrease {
                let ids = ["a", "b", "a", "unknown"].map(machineID)
                let count = try await stores.machines.forget(ids, entry: entry("machines forget"))
                #expect(count == 2)
            }
            #expect(increase == 1)
            #expect(try await stores.catalog.history(limit: 1, before: nil).first?.action == "machines forget")
            #expect(try await stores.ids { _ in } == [machineID("c")])
            #expect(try await stores.machines.machineIdentity(hash: hash("a 1")) == nil)
            #expect(try await stores.authTokens.authTokens().map(\.machines) == [1])
            try await stores.machines.write([update("a", 5)])
            try await stores.attach("a", number: 2)
            let again = try await stores.machines.machine(machineID("a"))
            #expect(again?.report == nil && again?.tags == [])
            #expect(try await stores.machines.history(of: machineID("a"), limit: 9) == [])
            increase = try await stores.revisionIncrease {
                let count = try await stores.machines.forget([machineID("unknown")], entry: entry())
                #expect(count == 0)
            }
            #expect(increase == 0)
        }
    }

    @Test("tags are kept once each, in order, and replaced as a whole", arguments: Implementation.allCases)
    func tags(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.attach("m")
            try await stores.machines.setTags(["rack 3", "db", "db", "ä"], of: machineID("m"), entry: entry("machines tag"))
            #expect(try await stores.machines.machine(machineID("m"))?.tags == ["db", "rack 3", "ä"])
            #expect(try await stores.catalog.history(limit: 1, before: nil).first?.action == "machines tag")
            try await stores.machines.setTags(["one"], of: machineID("m"), entry: entry())
            #expect(try await stores.machines.machine(machineID("m"))?.tags == ["one"])
            try await stores.machines.setTags([], of: machineID("m"), entry: entry())
            #expect(try await stores.machines.machine(machineID("m"))?.tags == [])
            await expectError(.notFound) { try await stores.machines.setTags(["x"], of: machineID("unknown"), entry: entry()) }
        }
    }
}
