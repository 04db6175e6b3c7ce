import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

@Suite struct RootProposalTests {
    private let holders: RootHolders

    init() async throws { holders = try RootHolders(await SigningServer()) }

    @Test func `it tells what changes, and whose signatures are missing`() async throws {
        let root = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.ben])
        let summary = root.summary
        #expect(summary.version == 2 && summary.previous.version == 1 && summary.signer.description == "origin")
        let files = holders.server.trust.files(of: .origin("origin")).files
        #expect(summary.previous.fingerprint == SHA256Digest(of: try #require(files["1.root.json"])))
        #expect(summary.roles.filter(\.isChanged).map(\.name) == ["root"])
        #expect(summary.demands.map(\.version) == [1, 2])
        #expect(summary.demands.map(\.isMet) == [false, false])
        #expect(summary.demands.last?.signed == [holders.ben.keyID])
        #expect(summary.demands.last?.missing == [holders.anna.keyID, holders.cleo.keyID])
        let server = try #require(try await holders.server.keys.key(.originRoot))
        var complete = root
        for key in [server, holders.cleo] { #expect(try await complete.sign(with: key)) }
        #expect(complete.summary.isComplete)
    }

    @Test func `without keys the root is renewed as it is`() async throws {
        try await holders.takeOver()
        let root = try await holders.root(days: 30)
        #expect(root.summary.version == 3 && root.summary.roles.allSatisfy { !$0.isChanged })
        #expect(root.summary.expires == holders.signing.clock.date + 30 * 86_400)
        #expect(try await holders.root(threshold: 3).summary.roles.first { $0.isChanged }?.threshold == 3)
    }

    @Test(arguments: [0, 4]) func `a threshold that the keys cannot reach is refused`(threshold: Int) async throws {
        await expectError(.malformedValue, naming: ["\(threshold) signatures", "3 keys"]) {
            try await holders.root(of: holders.all, threshold: threshold)
        }
    }

    @Test func `a file that was changed on its way is not taken for a root to sign`() async throws {
        let root = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.anna])
        let text = String(decoding: root.bytes, as: UTF8.self)
        func reading(_ text: some StringProtocol) throws -> RootProposal {
            try RootProposal(reading: Array(text.utf8), from: "next-root.json")
        }
        // A later expiry: what was signed is not that any more.
        let year = try #require(text.ranges(of: "\"expires\":\"20").last)
        let later = try reading(text[..<year.lowerBound] + "\"expires\":\"21" + text[year.upperBound...])
        #expect(later.summary.demands.allSatisfy { $0.count == 0 })
        for (change, words) in [
            (text.replacing("\"ceremony\"", with: "\"other\""), "which root it is to follow"),
            (text.replacing("\"repository\":\"origin\"", with: "\"repository\":\"moon\""), "which root it is to follow"),
            (text.replacing("\"version\":1", with: "\"version\":7"), "not signed as it should be"),
            (text.replacing("\"version\":2", with: "\"version\":9"), "does not follow"),
            (String(text.dropLast(9)), "cannot be read"), ("", "cannot be read"),
        ] {
            #expect(change != text)
            await expectError(.rootRefused, naming: [words, "next-root.json"]) { () async throws in try reading(change) }
        }
    }

    @Test(arguments: [
        "", "ed25519", "ed25519 00", "rsa " + String(repeating: "0", count: 64), "ed25519 " + String(repeating: "G", count: 64),
    ])
    func `what is no public key is refused`(text: String) async throws {
        await expectError(.malformedValue, naming: ["generate-key"]) { () async throws in try TrustPublicKey(parsing: text) }
    }
}
