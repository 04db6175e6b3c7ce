import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct TierStateTests {
    private let state = TierState(
        reach: ["9.1": "stable", "107.1": "beta", "107.2": "edge"],
        blocks: [Block(version: "9.1", reason: "oops", blocked: Date(timeIntervalSince1970: 0), deployment: "origin")])

    @Test func `a new installation has edge, beta, candidate and stable`() {
        #expect(TierState().tiers == ["edge", "beta", "candidate", "stable"])
        #expect(TierState().reach.isEmpty)
    }

    @Test func `a version is in the last tier that it reaches and in every earlier one`() {
        #expect(state.members(of: "edge") == ["9.1", "107.1", "107.2"])
        #expect(state.members(of: "beta") == ["9.1", "107.1"])
        #expect(state.members(of: "candidate") == ["9.1"])
        #expect(state.tiers(holding: "107.1") == ["edge", "beta"])
        #expect(state.tiers(holding: "1.1") == [])
        #expect(state.reachedPosition(of: "9.1") == 3)
    }

    @Test func `what is blocked keeps its place and is not offered`() {
        #expect(state.members(of: "stable") == ["9.1"])
        #expect(state.offered(in: "stable") == [])
        #expect(state.offered(in: "edge") == ["107.1", "107.2"])
        #expect(!state.offers("9.1", in: "edge"))
        #expect(state.isBlocked("9.1"))
        #expect(state.blockedVersions == ["9.1"])
    }

    @Test func `an unknown tier holds and offers nothing`() {
        #expect(state.members(of: "nightly") == [])
        #expect(!state.offers("107.1", in: "nightly"))
        #expect(state.position(of: "nightly") == nil)
    }

    @Test func `offered versions and the single question agree`() {
        for tier in state.tiers {
            for version: PatchVersion in ["9.1", "107.1", "107.2", "1.1"] {
                #expect(state.offers(version, in: tier) == state.offered(in: tier).contains(version))
            }
        }
    }

    @Test func `it reads back from JSON, and equal states are equal bytes`() throws {
        let bytes = try DocumentCoding.encode(state)
        let again = try DocumentCoding.decode(TierState.self, from: bytes)
        #expect(again == state)
        #expect(try DocumentCoding.encode(again) == bytes)
    }

    @Test(arguments: ["edge", "a", "eu-west-1", "t0", "a--b", String(repeating: "a", count: 63)])
    func `a tier's name is a lower-case word`(_ text: String) throws {
        #expect(try TierName(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "Edge", "1a", "-a", "a-", "a_b", "a b", "a/b", "é", "a\u{301}", "a\n", String(repeating: "a", count: 64), "ª",
    ])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'"]) { try TierName(parsing: text) }
    }
}
