import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes

/// An origin whose catalogue changes in one respect at a time.
struct GrowingOrigin {
    let url: String
    let client: AdminClient
    let token: String
    private let surroundings: Surroundings
    private let generator: PatchGenerator
    private var random: SeededRandom
    private var nextVersion = 100

    /// - Parameter fileBytes: how large a file is, about.
    init(_ surroundings: Surroundings, fileBytes: Int, random: SeededRandom) async throws {
        let server = try await surroundings.server("origin")
        url = server.url
        let access = try await ServerAccess(to: server)
        client = try access.client(of: server)
        token = access.token
        self.surroundings = surroundings
        self.random = random
        var seeds = random
        generator = PatchGenerator(seed: seeds.next(), codeBytes: fileBytes)
    }

    /// Makes one change, most often a new patch version.
    /// - Returns: the view afterwards.
    mutating func change() async throws -> ServerView {
        let view = try await ServerView(of: client)
        let known = view.versions.keys.sorted()
        if let version = known.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0 {
            let tier = view.tiers.randomElement(using: &random) ?? view.tiers[0]
            let isBlocked = view.versions[version]?.isBlocked ?? false
            let command: TierCommand =
                switch Int.random(in: 0..<4, using: &random) {
                // What else happens to a blocked version is not to be seen below before it is unblocked.
                case _ where isBlocked: .unblock(version: version, reason: "a test")
                case 0: .block(version: version, reason: "a test")
                case 1 where known.count > 3 && tier != view.tiers[0]: .withdraw(version: version, tier: tier)
                default: .promote(version: version, tier: tier)
                }
            if let result = try? await client.change(command), result.change != nil { return try await ServerView(of: client) }
        }
        try await release()
        return try await ServerView(of: client)
    }

    /// Imports a new version.
    mutating func release() async throws {
        let version = PatchVersion(nextVersion, 1)
        nextVersion += 1
        let folder = try surroundings.folder("release-\(version)")
        let kernels = try PatchNames.kernels(4)
        let names = PatchNames(versions: [version], kernels: kernels, flavours: [try Flavour(parsing: "generic")])
        for name in names.all() {
            let path = "\(folder)/\(name)"
            try Data(generator.file(name)).write(to: URL(fileURLWithPath: path))
            _ = try await client.importPatch(at: path, as: "\(name)")
        }
    }
}
