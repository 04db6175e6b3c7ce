import LivepatchAPI
import LivepatchKit
import Soaking
import Testing

@Suite("A soak", .serialized) struct SoakTests {
    @Test("finds every promise kept after some seconds of load and faults", .timeLimit(.minutes(5)))
    func short() async throws {
        let seed = UInt64.random(in: 0...999_999)
        let result = try await Soak.run(SoakPlan(seconds: 12, seed: seed)) { print("soak: \($0)") }
        for breach in result.breaches { Issue.record("\(breach) (make soak SOAK_SEED=\(seed))") }
        for what in ["downloads", "changes at server", "imports", "check-ins", "looks at tiers", "machines' states compared"] {
            #expect(result.counts[what, default: 0] > 0, "\(what)")
        }
    }

    @Test("notices what was tampered with, unblocked in secret and forgotten", .timeLimit(.minutes(5)))
    func sabotage() async throws {
        let plan = SoakPlan(seconds: 5, seed: 1, machines: 6, sabotage: [.tamper, .unblock, .forget])
        let result = try await Soak.run(plan) { print("soak: \($0)") }
        let promises = Set(result.breaches.map(\.promise))
        #expect(promises.isSuperset(of: [.verified, .acknowledged, .blocked]), "\(result.breaches)")
    }

    @Test("notices a tier that holds what an earlier one lacks")
    func nesting() throws {
        func tier(_ name: String, _ position: Int, _ versions: [PatchVersion], blocked: [PatchVersion] = []) throws
            -> TierListBody.Tier
        {
            .init(name: try TierName(parsing: name), position: position, versions: versions, blocked: blocked, syncTokens: [])
        }
        let (one, two) = (PatchVersion(1, 1), PatchVersion(2, 1))
        func breach(_ tiers: TierListBody.Tier...) -> String? {
            TierNesting.breach(in: TierListBody(tiers: tiers, managedBy: nil))
        }
        #expect(try breach(tier("edge", 0, [one, two]), tier("stable", 1, [one])) == nil)
        #expect(try breach(tier("edge", 0, [one]), tier("stable", 1, [one, two])) != nil)
        #expect(try breach(tier("edge", 0, [one], blocked: [two]), tier("stable", 1, [], blocked: [two])) == nil)
        #expect(try breach(tier("edge", 0, [one], blocked: [two]), tier("stable", 1, [two])) != nil)
    }
}
