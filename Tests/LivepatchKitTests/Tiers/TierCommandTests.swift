import LivepatchKit
import Testing

@Suite struct TierCommandTests {
    private static let commands: [(TierCommand, String)] = [
        (.addTier(name: "lts", position: .last), "tier add lts"),
        (.addTier(name: "lts", position: .before(tier: "stable")), "tier add lts --before stable"),
        (.removeTier(name: "beta", force: false), "tier remove beta"),
        (.removeTier(name: "beta", force: true), "tier remove beta --force"),
        (.renameTier(name: "beta", newName: "preview"), "tier rename beta preview"),
        (.moveTier(name: "beta", position: .after(tier: "edge")), "tier move beta --after edge"),
        (.promote(version: "107.1", tier: "beta"), "patch promote 107.1 beta"),
        (.promoteAll(from: "edge", to: "stable"), "patch promote-all edge stable"),
        (.withdraw(version: "107.1", tier: "beta"), "patch withdraw 107.1 beta"),
        (.block(version: "107.1", reason: "it crashes"), "patch block 107.1"),
        (.unblock(version: "107.1", reason: "fixed"), "patch unblock 107.1"),
        (.restore(snapshot: 3), "tier restore 3"), (.undo(change: 4), "undo 4"),
    ]

    @Test func `the history shows commands as the administrator's tool takes them`() {
        for (command, text) in Self.commands { #expect(command.description == text) }
    }

    @Test func `only blocks carry a reason`() {
        #expect(Self.commands.compactMap(\.0.reason) == ["it crashes", "fixed"])
    }

    @Test func `commands say the same after a journey through JSON`() throws {
        for (command, _) in Self.commands {
            #expect(try DocumentCoding.decode(TierCommand.self, from: DocumentCoding.encode(command)) == command)
        }
    }
}
