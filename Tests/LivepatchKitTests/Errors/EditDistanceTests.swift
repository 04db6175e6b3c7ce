import LivepatchKit
import Testing

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("tier", "tier", 0), ("", "tier", 4), ("teir", "tier", 2), ("tiers", "tier", 1), ("tir", "tier", 1),
        ("tied", "tier", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("é", "e", 1),
    ])
    func `inserted, removed and replaced characters count alike, in both directions`(left: String, right: String, distance: Int) {
        #expect(EditDistance.between(Array(left), Array(right)) == distance)
        #expect(EditDistance.between(Array(right), Array(left)) == distance)
    }

    @Test func `what stands behind a hundred characters is not looked at`() {
        let long = Array(repeating: Character("a"), count: 100)
        #expect(EditDistance.between(long + Array(repeating: "b", count: 1_000_000), long) == 0)
        #expect(EditDistance.between(long, []) == 100)
    }
}
