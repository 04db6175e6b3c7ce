import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct `How near its end something signed is` {
    private static let now = Date(timeIntervalSince1970: 1_750_000_000)
    private static let day = 86_400.0

    @Test(arguments: [
        (31.0, ExpiryState.good), (30.0, .good), (29.9, .withinMonth), (7.0, .withinMonth), (6.9, .withinWeek),
        (1.0, .withinWeek),
        (0.9, .withinDay), (0.0001, .withinDay), (0, .expired), (-1, .expired),
    ])
    func `most roles are told of 30, 7 and 1 day ahead`(_ days: Double, _ state: ExpiryState) {
        for role in ["root", "targets", "revocations", "tier-edge", "patch-107.1"] {
            #expect(ExpiryState(of: role, expiring: Self.now + days * Self.day, at: Self.now) == state, "\(role)")
        }
    }

    @Test(arguments: [
        ("timestamp", 0.0001, ExpiryState.good), ("timestamp", 0, .expired), ("timestamp", -0.1, .expired),
        ("snapshot", 1.1, .good), ("snapshot", 0.9, .withinDay), ("snapshot", -0.1, .expired),
    ])
    func `what lives for a day or a week is only told of when nobody has renewed it`(
        _ role: String, _ days: Double, _ state: ExpiryState
    ) {
        #expect(ExpiryState(of: role, expiring: Self.now + days * Self.day, at: Self.now) == state)
    }

    @Test func `states are ordered by urgency`() {
        #expect(ExpiryState.allCases.sorted() == ExpiryState.allCases)
        #expect(ExpiryState.allCases.last == .expired)
    }
}
