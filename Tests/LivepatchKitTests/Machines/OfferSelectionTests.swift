import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct OfferSelectionTests {
    private let now = MachineSamples.now

    /// - Parameter place: the position of the last tier that the version reaches.
    private func candidate(
        _ version: PatchVersion, place: Int = 0, blocked: Bool = false, available: Bool = true, age: Double = 0
    ) -> OfferCandidate {
        OfferCandidate(
            file: MachineSamples.file(MachineSamples.kernel().fileName(version), released: now.addingTimeInterval(-age)),
            available: available, reach: place, isBlocked: blocked)
    }

    private func choose(
        _ candidates: [OfferCandidate], tier: Int? = 0, floor: PatchVersion? = nil, cutoff: Double? = nil, delay: Double? = nil
    ) -> String {
        let selection = OfferSelection(
            tier: tier, floor: floor, cutoff: cutoff.map { now.addingTimeInterval(-$0) },
            ripe: delay.map { now.addingTimeInterval(-$0) })
        return switch selection.choose(among: candidates) {
        case .offer(let file): file.name.version.description
        case .none(let reason): reason.rawValue
        }
    }

    @Test func `the newest that the tier holds is offered`() {
        let candidates = [candidate("108.1", place: 0), candidate("107.2", place: 1), candidate("107.1", place: 3)]
        #expect(choose(candidates, tier: 0) == "108.1")
        #expect(choose(candidates, tier: 1) == "107.2")
        #expect(choose(candidates, tier: 2) == "107.1")
        #expect(choose(candidates, tier: 3) == "107.1")
    }

    @Test func `no file for the kernel, none in the tier, or no tier any more: each has its reason`() {
        #expect(choose([]) == "kernel-unknown")
        #expect(choose([candidate("108.1", place: 0)], tier: 1) == "not-in-tier")
        #expect(choose([candidate("108.1", place: 0)], tier: nil) == "not-in-tier")
    }

    @Test func `a blocked version is passed over, and if there is no other that is the reason`() {
        #expect(choose([candidate("108.1", blocked: true), candidate("107.1")]) == "107.1")
        #expect(choose([candidate("108.1", blocked: true), candidate("107.1", blocked: true)]) == "blocked")
    }

    @Test func `nothing older than the applied version is offered, and the applied one is`() {
        let candidates = [candidate("108.1"), candidate("107.1"), candidate("106.1")]
        #expect(choose(candidates, floor: "108.1") == "108.1")
        #expect(choose(candidates, floor: "107.1") == "108.1")
        #expect(choose([candidate("108.1", blocked: true), candidate("106.1")], floor: "107.1") == "blocked")
        #expect(choose([candidate("106.1")], floor: "107.1") == "applied-is-newer")
        // The applied one is blocked: there is no floor.
        #expect(choose([candidate("108.1", blocked: true), candidate("106.1")]) == "106.1")
    }

    @Test func `missing content gives way to the next older version, but not to one older than the applied`() {
        let candidates = [candidate("108.1", available: false), candidate("107.1"), candidate("106.1")]
        #expect(choose(candidates) == "107.1")
        #expect(choose(candidates, floor: "107.1") == "107.1")
        #expect(choose(candidates, floor: "107.2") == "content-missing")
        #expect(choose([candidate("108.1", available: false)]) == "content-missing")
        #expect(choose([candidate("107.1", available: false), candidate("106.1")], floor: "107.1") == "content-missing")
    }

    @Test func `a cutoff date leaves out what was released after it, and keeps what was released on it`() {
        let candidates = [candidate("108.1", age: 10), candidate("107.1", age: 20)]
        #expect(choose(candidates, cutoff: 10) == "108.1")
        #expect(choose(candidates, cutoff: 11) == "107.1")
        #expect(choose(candidates, cutoff: 21) == "cutoff-date")
    }

    @Test func `a patch delay leaves out what is younger, and keeps what is exactly as old`() {
        let candidates = [candidate("108.1", age: 10), candidate("107.1", age: 20)]
        #expect(choose(candidates, delay: 0) == "108.1")
        #expect(choose(candidates, delay: 10) == "108.1")
        #expect(choose(candidates, delay: 11) == "107.1")
        #expect(choose(candidates, delay: 21) == "patch-delay")
    }

    @Test func `what is left out for several reasons is told by the last thing to overcome`() {
        #expect(choose([candidate("108.1", age: 10)], cutoff: 20, delay: 20) == "cutoff-date")
        #expect(choose([candidate("108.1", available: false, age: 10)], delay: 20) == "patch-delay")
        #expect(
            choose([candidate("108.1", age: 10), candidate("107.1", available: false, age: 30)], delay: 20) == "content-missing")
        #expect(choose([candidate("108.1", age: 10), candidate("106.1", age: 30)], floor: "107.1", delay: 20) == "patch-delay")
    }
}
