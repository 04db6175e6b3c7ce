import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A fleet store counts machines")
struct FleetStoreTests {
    @Test(
        "machines are grouped by tier, kernel, patch and state, whatever token they came with", arguments: Implementation.allCases
    )
    func groups(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = try await Fleet(stores, tokens: ["lab": "edge", "rack": "edge", "prod": "stable"])
            try await fleet.machine("a", "lab", fleet.report(.applied, "107.1"))
            try await fleet.machine("b", "rack", fleet.report(.applied, "107.1"))
            try await fleet.machine("c", "prod", fleet.report(.applied, "107.1"))
            try await fleet.machine("d", "prod", fleet.report(.applyFailed, "106.1", attempted: "107.1", message: "no"))
            try await fleet.machine("e", "prod")
            let kernel = fleet.kernel
            let stable = [
                MachineGroup(
                    tier: tier("stable"), kernel: kernel, applied: patch("107.1"), attempted: nil, state: .applied, machines: 1),
                MachineGroup(
                    tier: tier("stable"), kernel: kernel, applied: patch("106.1"), attempted: patch("107.1"),
                    state: .applyFailed, machines: 1),
                MachineGroup(
                    tier: tier("stable"), kernel: nil, applied: nil, attempted: nil, state: .needsCheck, machines: 1),
            ]
            let edge = MachineGroup(
                tier: tier("edge"), kernel: kernel, applied: patch("107.1"), attempted: nil, state: .applied, machines: 2)
            #expect(Set(try await stores.fleet.groups(tier: nil)) == Set(stable + [edge]))
            #expect(Set(try await stores.fleet.groups(tier: tier("stable"))) == Set(stable))
            #expect(try await stores.fleet.groups(tier: tier("beta")).isEmpty)
            // An auth token moves all its machines.
            try await stores.authTokens.updateAuthToken("prod", entry: entry()) { $0.tier = tier("beta") }
            #expect(try await stores.fleet.groups(tier: tier("beta")).reduce(0) { $0 + $1.machines } == 3)
        }
    }

    @Test("machines are told apart by when they were heard of last", arguments: Implementation.allCases)
    func presence(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = try await Fleet(stores, tokens: ["lab": "edge", "prod": "stable"], registered: -20 * 86_400)
            for (name, seen) in [("now", 0.0), ("hour", -3600), ("day", -86_400), ("week", -7 * 86_400), ("old", -7 * 86_401)] {
                try await fleet.machine(name, "lab", fleet.report(.applied, "107.1"), at: seen)
            }
            try await fleet.machine("never", "prod")
            let since = noon.addingTimeInterval(-3600)
            #expect(
                try await stores.fleet.presence(tier: nil, now: noon, silentSince: since)
                    == FleetPresence(hour: 2, day: 1, week: 1, older: 1, never: 1, silent: 4))
            #expect(
                try await stores.fleet.presence(tier: tier("edge"), now: noon, silentSince: since)
                    == FleetPresence(hour: 2, day: 1, week: 1, older: 1, silent: 3))
            // Half a second later the machine of an hour ago has been silent for longer.
            let later = noon.addingTimeInterval(-3599.5)
            #expect(try await stores.fleet.presence(tier: tier("edge"), now: noon, silentSince: later).silent == 4)
        }
    }

    @Test("what machines say of failures is grouped, counted and bounded", arguments: Implementation.allCases)
    func failures(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = try await Fleet(stores, tokens: ["lab": "edge", "prod": "stable"])
            for name in ["a", "b"] {
                try await fleet.machine(name, "prod", fleet.report(.applyFailed, "106.1", attempted: "107.1", message: "no room"))
            }
            try await fleet.machine("c", "prod", fleet.report(.appliedWithBug, "107.1", message: "it\nstays"))
            try await fleet.machine("d", "lab", fleet.report(.checkFailed, nil, message: "no answer"))
            try await fleet.machine("e", "lab", fleet.report(.applied, "107.1", message: "all is well"))
            try await fleet.machine("f", "lab", fleet.report(.applyFailed, nil, attempted: "107.1"))
            let all = try await stores.fleet.failures(tier: nil, version: nil, limit: 9)
            #expect(
                all == [
                    FailureMessage(
                        tier: tier("stable"), version: patch("107.1"), state: .applyFailed, message: "no room", machines: 2),
                    FailureMessage(
                        tier: tier("stable"), version: patch("107.1"), state: .appliedWithBug, message: "it\nstays", machines: 1),
                    FailureMessage(tier: tier("edge"), version: nil, state: .checkFailed, message: "no answer", machines: 1),
                ])
            #expect(try await stores.fleet.failures(tier: nil, version: nil, limit: 1) == Array(all.prefix(1)))
            #expect(try await stores.fleet.failures(tier: nil, version: patch("107.1"), limit: 9).count == 2)
            #expect(try await stores.fleet.failures(tier: tier("edge"), version: nil, limit: 9).map(\.message) == ["no answer"])
        }
    }

    @Test("each change of a machine comes once, at its last place, and goes with the machine", arguments: Implementation.allCases)
    func changes(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let fleet = try await Fleet(stores, tokens: ["lab": "edge"])
            #expect(try await stores.fleet.machineFeed().sequence == 0)
            try await fleet.machine("a", "lab", fleet.report(.applied, "106.1"))
            try await fleet.machine("b", "lab", fleet.report(.applied, "106.1"))
            var place = try await stores.fleet.machineFeed().sequence
            func since(_ place: Int64) async throws -> [String] {
                try await stores.fleet.machineChanges(after: place, limit: 9).map { fleet.name($0.machine.id) }
            }
            #expect(try await since(0) == ["a", "b"])
            #expect(try await since(place).isEmpty)

            // A sign of life is no change; a state is, and so are a message, a label and a tier.
            try await fleet.tells("a", fleet.report(.applied, "106.1"), at: 3600)
            #expect(try await since(place).isEmpty)
            try await fleet.tells("a", fleet.report(.applied, "107.1"), at: 7200)
            #expect(try await since(place) == ["a"])
            #expect(try await since(0) == ["b", "a"])
            #expect(try await stores.fleet.machineChanges(after: 0, limit: 1).map { fleet.name($0.machine.id) } == ["b"])
            place = try await stores.fleet.machineFeed().sequence
            try await fleet.tells("b", fleet.report(.applied, "106.1", message: "said"), at: 7200)
            #expect(try await since(place) == ["b"])
            place = try await stores.fleet.machineFeed().sequence
            try await stores.machines.setTags(["x"], of: fleet.id("a"), entry: entry())
            #expect(try await since(place) == ["a"])
            place = try await stores.fleet.machineFeed().sequence
            try await stores.machines.setTags([], of: fleet.id("a"), entry: entry())
            #expect(try await since(place) == ["a"])
            place = try await stores.fleet.machineFeed().sequence
            try await stores.authTokens.updateAuthToken("lab", entry: entry()) { $0.tier = tier("beta") }
            #expect(Set(try await since(place)) == ["a", "b"])

            // Once a day it is told that a machine is still there.
            place = try await stores.fleet.machineFeed().sequence
            try await fleet.tells("a", fleet.report(.applied, "107.1"), at: 7200 + 86_399)
            #expect(try await since(place).isEmpty)
            try await fleet.tells("a", fleet.report(.applied, "107.1"), at: 7200 + 86_400)
            #expect(try await since(place) == ["a"])

            try await stores.machines.setTags(["y"], of: fleet.id("a"), entry: entry())
            #expect(try await stores.machines.forget([fleet.id("a")], entry: entry()) == 1)
            #expect(try await since(0) == ["b"])
            let epoch = try await stores.fleet.machineFeed().epoch
            #expect(epoch.wholeMatch(of: /[0-9a-f]{32}/) != nil)
            let again = try await stores.fleet.machineFeed().epoch
            #expect(again == epoch)
        }
    }
}

/// Machines that tests attach and let report.
struct Fleet {
    let stores: Stores
    let kernel: MachineKernel
    private let registered: Date
    private static let names = (UnicodeScalar("a").value...UnicodeScalar("z").value).compactMap {
        UnicodeScalar($0).map(String.init)
    }

    /// - Parameter tokens: auth tokens with their tiers.
    init(_ stores: Stores, tokens: [String: String], registered: Double = 0) async throws {
        self.stores = stores
        self.registered = noon.addingTimeInterval(registered)
        kernel = MachineKernel(version: parsed("5.15.0-107.117"), flavour: parsed("generic"), architecture: parsed("amd64"))
        for (name, tierName) in tokens.sorted(by: { $0.key < $1.key }) {
            try await stores.authTokens.add(
                AuthToken(id: name, tier: tier(tierName), created: self.registered, hash: hash("auth \(name)")), entry: entry())
        }
    }

    func id(_ name: String) -> HashedMachineID { HashedMachineID(digest: hash("machine \(name)")) }

    func name(_ id: HashedMachineID) -> String { Self.names.first { self.id($0) == id } ?? "\(id)" }

    func report(
        _ state: PatchState, _ version: String?, attempted: String? = nil, message: String? = nil
    ) -> MachineReport {
        var report = MachineReport(kernel: kernel, patchState: state, patchVersion: version.map(patch))
        report.attemptedVersion = attempted.map(patch)
        report.message = message
        return report
    }

    /// Attaches a machine, which reports if there is a report.
    func machine(_ name: String, _ token: String, _ report: MachineReport? = nil, at seconds: Double = 0) async throws {
        _ = try await stores.machines.register(
            id(name), token: hash("token \(name)"), with: hash("auth \(token)"), at: registered)
        if let report { try await tells(name, report, at: seconds) }
    }

    func tells(_ name: String, _ report: MachineReport, at seconds: Double) async throws {
        let time = noon.addingTimeInterval(seconds)
        let before = try await stores.machines.machine(id(name))?.report
        let isChange =
            before.map {
                ($0.patchState, $0.patchVersion, $0.message) != (report.patchState, report.patchVersion, report.message)
            }
            ?? true
        try await stores.machines.write([
            MachineUpdate(machine: id(name), time: time, report: report, isChange: isChange)
        ])
    }
}
