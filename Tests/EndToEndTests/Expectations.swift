import Foundation
import Processes
import Testing

extension Administrator {
    /// A command that has to be refused.
    /// - Parameters:
    ///   - status: the exit status, one of sysexits(3).
    ///   - words: what the message has to say, among other things.
    func refuse(
        _ line: String, status: Int32, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let command = try await run(line.split(separator: " ").map(String.init))
        #expect(command.status == status, "\(command)", sourceLocation: sourceLocation)
        for word in words {
            #expect(command.errors.contains(word), "'\(word)' is not said by\n\(command)", sourceLocation: sourceLocation)
        }
    }

    /// The tiers that hold a version, in order.
    func tiers(of version: String) async throws -> [String] {
        let patch = try #require(try await json("patch show \(version)") as? [String: Any])
        return try #require((patch["patch"] as? [String: Any])?["tiers"] as? [String])
    }

    /// The versions that a tier offers.
    func offers(_ tier: String) async throws -> [String] {
        let tiers = try #require((try await json("tier list") as? [String: Any])?["tiers"] as? [[String: Any]])
        let found = try #require(tiers.first { $0["name"] as? String == tier })
        return try #require(found["versions"] as? [String])
    }

    /// Syncs, and waits for it.
    /// - Returns: the report.
    @discardableResult func sync() async throws -> [String: Any] {
        let output = try await callAsFunction("sync trigger --wait --format json")
        return try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// Waits until a server's own first sync is over.
    func firstSync() async throws {
        try await eventually("a sync has ended at \(url)") {
            let reports = try await json("sync reports") as? [String: Any]
            return (reports?["reports"] as? [Any])?.isEmpty == false
        }
    }
}

/// The names of the files of a version, as a server lists them.
func names(_ administrator: Administrator, _ version: String) async throws -> [String] {
    try await administrator("patch show \(version) --quiet").split(separator: "\n").map(String.init)
}
