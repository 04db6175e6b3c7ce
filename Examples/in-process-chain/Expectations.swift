import LivepatchKit
import LivepatchTesting

/// Something was not as this example says.
struct Surprise: Error, CustomStringConvertible {
    let what: String
    var description: String { "This was not so: \(what)." }
}

/// Says what is so, or throws.
func expect(_ isTrue: Bool, _ what: String) throws {
    guard isTrue else { throw Surprise(what: what) }
    print("  ✓ \(what)")
}

/// Runs what must be refused with an error of that code.
func expectRefusal(_ code: LivepatchError.Code, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as LivepatchError where error.code == code {
        return print("  ✓ refused: \(error.message)")
    }
    throw Surprise(what: "nothing was refused")
}

func version(_ text: String) throws -> PatchVersion { try PatchVersion(parsing: text) }

func tier(_ text: String) throws -> TierName { try TierName(parsing: text) }

/// Prints what a server's tiers offer.
func show(_ server: InProcessServer) async throws {
    print("  \(server.deployment):")
    for (tier, versions) in try await server.offers() {
        print("    \(tier): \(versions.map(\.description).joined(separator: " "))")
    }
}

func offered(by server: InProcessServer, in tier: String) async throws -> [String] {
    try await server.offers().first { $0.tier.rawValue == tier }?.versions.map(\.description) ?? []
}
