import FoundationEssentials
public import LivepatchKit

// A server in the process and its machines, which report to it without a check-in.

extension InProcessServer {
    /// Its machines as a whole.
    public var fleet: InMemoryFleetStore { InMemoryFleetStore(database, machines: machines) }

    /// What takes the reports of servers below.
    public var intake: FleetIntake { FleetIntake(deployment: deployment, store: fleet, now: now) }

    /// What answers an administrator's questions about machines.
    public var inquiry: FleetInquiry {
        FleetInquiry(deployment: deployment, census: census, store: fleet, catalog: catalog, keepsReports: true, now: now)
    }

    private var census: FleetCensus {
        FleetCensus(
            store: fleet, catalog: catalog, tiers: TierStateCache(catalog: catalog), silentAfter: .seconds(3 * 3600), now: now)
    }

    /// What tells the server above of its machines. It remembers when the last attempt failed: use one for all syncs.
    public func reporter(_ settings: FleetReporter.Settings) -> FleetReporter {
        FleetReporter(deployment: deployment, census: census, store: fleet, settings: settings, now: now)
    }

    /// Attaches machines to a tier. Each goes by its name, from 0 on: `web-0`, `web-1`, …
    public func attach(_ name: String, count: Int = 1, to tier: String) async throws {
        let hash = SHA256Digest(of: Array("auth \(name)".utf8))
        if try await authTokens.authToken(hash: hash) == nil {
            let token = AuthToken(id: name, tier: try TierName(parsing: tier), created: now(), hash: hash)
            try await authTokens.add(token, entry: ChangeEntry(time: now(), actor: "test", action: "auth-token \(name)"))
        }
        for number in 0..<count {
            let secret = SHA256Digest(of: Array("token \(name)-\(number)".utf8))
            _ = try await machines.register(Self.machine("\(name)-\(number)"), token: secret, with: hash, at: now())
        }
    }

    /// Lets machines say the same.
    /// - Parameter numbers: which of the machines of that name.
    public func tell(_ name: String, _ numbers: Range<Int> = 0..<1, _ report: MachineReport) async throws {
        try await machines.write(
            numbers.map {
                MachineUpdate(machine: Self.machine("\(name)-\($0)"), time: now(), report: report, isChange: true)
            })
    }

    /// The id of a machine that has been attached, as the server keeps it.
    public static func machine(_ name: String) -> HashedMachineID {
        HashedMachineID(digest: SHA256Digest(of: Array("machine \(name)".utf8)))
    }
}
