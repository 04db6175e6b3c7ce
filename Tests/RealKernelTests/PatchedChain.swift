import Foundation
import LivepatchKit
import Processes
import Testing

/// Three servers, origin → regional → site, that mirror the origin's tiers, with an administrator at each.
struct PatchedChain {
    let origin: Administrator
    let regional: Administrator
    let site: Administrator
    /// The site's port on loopback.
    let port: Int
    let siteDirectory: String

    /// - Parameter here: the directory of an origin may be there already.
    static func start(in here: Surroundings) async throws -> PatchedChain {
        let settings = ["patch-sync.sync-tiers": "true", "patch-sync.machine-count-strategy": "unit"]
        let top = try await here.server("origin")
        let origin = try await top.administrator()
        let middle = try await here.downstream(
            "regional", of: top.url, token: origin.token("edge", "regional"), settings)
        let regional = try await middle.administrator()
        try await regional.firstSync()
        let bottom = try await here.downstream(
            "site", of: middle.url, token: regional.token("edge", "site"),
            settings.merging(["server.check-in-interval": "60s"]) { $1 })
        let site = try await bottom.administrator()
        try await site.firstSync()
        return PatchedChain(
            origin: origin, regional: regional, site: site, port: bottom.port, siteDirectory: bottom.storageDirectory)
    }

    /// What is new at the origin goes down to the site, and what the site has been told goes up to the origin.
    func sync() async throws {
        for server in [regional, site, regional] { try await server("sync trigger --wait") }
    }

    /// Runs a command at the origin, and lets what came of it reach the site.
    func release(_ command: String) async throws {
        try await origin(command)
        try await sync()
    }

    /// Waits until the origin has heard on how many machines of the whole tree a version is applied, has failed, and is pending.
    func hears(of version: String, _ health: String) async throws {
        try await eventually("the origin hears '\(health)' of \(version)", within: VirtualMachine.patience) {
            try await sync()
            return try await origin.health(version, wholeTree: true) == health
        }
    }

    /// Where the site keeps what a patch file holds.
    func content(of path: String) throws -> URL {
        let digest = SHA256Digest(of: try Data(contentsOf: URL(filePath: path))).description
        return URL(filePath: siteDirectory).appending(path: "content/sha256/\(digest.prefix(2))/\(digest)")
    }

    /// What a machine in QEMU calls the site.
    var address: String { "http://\(VirtualMachine.host):\(port)" }
}

extension Administrator {
    /// Issues an auth token.
    /// - Returns: its secret.
    func authToken(_ id: String, _ tier: String) async throws -> String {
        let output = try await callAsFunction("auth-token \(id) \(tier)")
        let match = try #require(output.firstMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/), "\(output)")
        return String(match.0)
    }

    /// On how many machines of the tier `stable` a patch version is applied, has failed, and is pending.
    /// - Parameter wholeTree: whether those of the servers below count too.
    func health(_ version: String, wholeTree: Bool = false) async throws -> String {
        try await callAsFunction(
            "report patch-health stable \(version) --quiet\(wholeTree ? " --include-downstream" : "")"
        ).trimmingCharacters(in: .newlines)
    }

    /// Waits until a server's own first sync is over.
    func firstSync() async throws {
        try await eventually("a sync has ended at \(url)") {
            let reports = try await json("sync reports") as? [String: Any]
            return (reports?["reports"] as? [Any])?.isEmpty == false
        }
    }
}
