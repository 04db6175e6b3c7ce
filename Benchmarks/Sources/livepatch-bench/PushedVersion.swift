import Foundation
import LivepatchHTTP
import LivepatchKit

/// A change that is made at an origin, and how somebody far below sees it.
struct PushedChange: Sendable {
    let command: TierCommand
    /// Where it shows.
    let document: DocumentName
    /// Whether it is in the document's bytes; none where there is no such document.
    let isIn: @Sendable ([UInt8]) -> Bool
}

/// The one patch version that is promoted and blocked, and taken back, while it is measured how long that takes to arrive.
enum PushedVersion {
    private static let version = PatchVersion(100, 1)

    private static func tier(_ name: String) throws -> TierName { try TierName(parsing: name) }

    static var promotions: [PushedChange] {
        get throws {
            let beta = try tier("beta")
            return [
                PushedChange(command: .promote(version: version, tier: beta), document: .tier(beta)) { holds($0) },
                PushedChange(command: .withdraw(version: version, tier: beta), document: .tier(beta)) { !holds($0) },
            ]
        }
    }

    static var blocks: [PushedChange] {
        [
            PushedChange(command: .block(version: version, reason: "bench"), document: .revocations) { blocks($0) },
            PushedChange(command: .unblock(version: version, reason: "bench"), document: .revocations) { !blocks($0) },
        ]
    }

    /// Puts it into a data directory that no server has open.
    static func release(into path: String) async throws {
        let stores = try Stores(at: path)
        var noise = Noise(seed: 7)
        let names = try (100..<105).map {
            try PatchFileName(parsing: "livepatch-5.15.0-\($0).\($0 + 10)-generic-\(version)-amd64.tar.bz2")
        }
        try await stores.release(names.map { (name: $0, bytes: noise.bytes(1_024)) })
        try stores.close()
    }

    /// Waits until a server has the version in its first tier.
    static func arrival(at server: HTTPUpstream) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !holds(document(.tier(tier("edge")), at: server)) {
            guard ContinuousClock.now < deadline else {
                throw LivepatchError(.internalFault, "Patch \(version) did not arrive at \(await server.address()).")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// A document's bytes; none if there is no such document.
    static func document(_ name: DocumentName, at server: HTTPUpstream) async throws -> [UInt8] {
        do {
            return try await server.document(name, limit: 1 << 20).bytes
        } catch let error as LivepatchError where error.code == .upstreamLacks {
            return []
        }
    }

    private static func holds(_ bytes: [UInt8]) -> Bool {
        (try? DocumentCoding.decode(TierDocument.self, from: bytes).versions.contains { $0.version == version }) ?? false
    }

    private static func blocks(_ bytes: [UInt8]) -> Bool {
        (try? DocumentCoding.decode(RevocationsDocument.self, from: bytes).blocks.contains { $0.version == version }) ?? false
    }
}
