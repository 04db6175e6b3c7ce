import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes

/// An origin, the server that everything is about, and two servers below it: one that mirrors its tiers, and one with tiers of its own.
struct SoakStage: Sendable {
    struct Site: Sendable {
        let server: FrailServer
        let office: Office
        /// What opens it to a customer.
        let token: String
    }

    static let usualWeather = Weather(cuts: 0.12, corruption: 0.05)

    let here: Surroundings
    let findings: Findings
    let ledger = Ledger()
    let origin: FrailServer
    let server: FrailServer
    let sites: [Site]
    /// Offices without a wire.
    let originOffice: Office
    let office: Office
    /// What opens the origin and the server to a customer.
    let originToken: String
    let token: String
    /// Wires on which signed documents and patches go down: bytes on them are changed too.
    private let links: [BrokenWire]
    /// The wires of people and machines, whose words nobody signs: they are only cut.
    let originDoor: BrokenWire
    let door: BrokenWire
    let disk: SmallDisk?
    let clock: SkewedClock?
    let kernels: [KernelVersion]

    var servers: [FrailServer] { [origin, server] + sites.map(\.server) }

    init(_ here: Surroundings, _ plan: SoakPlan, _ findings: Findings) async throws {
        func random(_ name: String) -> SeededRandom { SeededRandom(seed: plan.seed, name: name) }
        func open(_ server: FrailServer) async throws -> (Office, String) {
            let office = Office { server.url }
            let edge = try TierName(parsing: "edge")
            return (office, try await office { try await $0.addSyncToken(tier: edge, name: "customers") }.secret)
        }
        self.here = here
        self.findings = findings
        kernels = try PatchNames.kernels(2)
        let edge = try TierName(parsing: "edge")

        origin = FrailServer("origin", here, findings: findings)
        try await origin.start()
        (originOffice, originToken) = try await open(origin)
        let upward = try await origin.wire(random("wire up"))
        originDoor = try await origin.wire(random("origin's door"))

        let data = try here.folder("server")
        disk = try await SmallDisk.make(here, bytes: 48 << 20, at: data)
        clock = try await SkewedClock.make(here)
        let token = try await originOffice { try await $0.addSyncToken(tier: edge, name: "server") }.secret
        let environment = ["LP_PATCH_SYNC_TOKEN": token].merging(clock?.environment ?? [:]) { $1 }
        server = FrailServer(
            "server", here, Self.below(upward), environment: environment, wrapper: disk?.wrapper ?? [],
            data: disk?.outside(""), findings: findings)
        try await server.start()
        (office, self.token) = try await open(server)
        door = try await server.wire(random("door"))

        var links = [upward]
        var sites: [Site] = []
        for (name, settings) in [("mirror", ["patch-sync.sync-tiers": "true"]), ("site", [:])] {
            let link = try await server.wire(random("wire of \(name)"))
            let token = try await office { try await $0.addSyncToken(tier: edge, name: name) }.secret
            let site = FrailServer(
                name, here, Self.below(link).merging(settings) { $1 }, environment: ["LP_PATCH_SYNC_TOKEN": token],
                findings: findings)
            try await site.start()
            let (office, secret) = try await open(site)
            sites.append(Site(server: site, office: office, token: secret))
            links.append(link)
        }
        self.sites = sites
        self.links = links
    }

    private static func below(_ wire: BrokenWire) -> [String: String] {
        [
            "patch-sync.enabled": "true", "patch-sync.upstream-url": wire.url, "patch-sync.interval": "3s",
            "patch-sync.idle-timeout": "2s", "patch-sync.max-removal-share": "100%",
        ]
    }

    func isPossible(_ fault: Faults.Kind) -> Bool {
        switch fault {
        case .fullDisk: disk != nil
        case .clock: clock != nil
        default: true
        }
    }

    var skipped: [String] {
        (disk == nil ? ["a full disk: no file system can be mounted here (root, or user namespaces)"] : [])
            + (clock == nil ? ["a jumping clock: there is no C compiler, or the system is not Linux"] : [])
    }

    func become(_ weather: Weather) {
        for link in links { link.become(weather) }
        for door in [originDoor, door] { door.become(Weather(cuts: weather.cuts / 2, corruption: 0)) }
    }

    /// The customer of a server.
    func customer(of server: FrailServer) -> Customer { Customer(place: server.name, ledger: ledger, findings: findings) }
}
