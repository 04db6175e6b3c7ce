import TUF
import Testing

@Suite struct `Delegations and their scopes` {
    @Test(arguments: [
        (1, "boo", "bin-0"), (1, "too", "bin-1"), (2, "foo", "bin-0"), (2, "doo", "bin-1"), (2, "too", "bin-2"),
        (2, "bar", "bin-3"),
        (8, "bar", "bin-fc"),
    ])
    func `to succinct roles go by the hash of the path`(_ bits: Int, _ path: String, _ role: String) throws {
        let succinct = try SuccinctRoles(keys: RoleKeys(keyIDs: []), bitLength: bits, namePrefix: "bin")
        #expect(succinct.role(for: path) == role)
        #expect(succinct.contains(role))
    }

    @Test func `to succinct roles know their names`() throws {
        let succinct = try SuccinctRoles(keys: RoleKeys(keyIDs: []), bitLength: 10, namePrefix: "b")
        #expect(succinct.name(of: 2) == "b-002")
        #expect(succinct.name(of: 1023) == "b-3ff")
        for name in ["b-3ff", "b-000"] { #expect(succinct.contains(name)) }
        for name in ["b-400", "b-0", "b-0000", "b-+01", "b--01", "b-3FF", "c-000", "b000", "b-", ""] {
            #expect(!succinct.contains(name))
        }
        let widest = try SuccinctRoles(keys: RoleKeys(keyIDs: []), bitLength: 32, namePrefix: "")
        #expect(widest.role(for: "bar").utf8.count == 9)
    }

    @Test(arguments: [0, 33, -1]) func `to succinct roles take from 1 to 32 bits`(_ bits: Int) async {
        await expectRefusal(.notPossible) {
            _ = try SuccinctRoles(keys: RoleKeys(keyIDs: []), bitLength: bits, namePrefix: "bin")
        }
    }

    @Test func `cover paths by the beginning of their hash`() {
        // The SHA-256 of "bar" begins with fcde2b2e.
        let covers = { DelegatedRole(name: "r", keys: RoleKeys(keyIDs: []), scope: .pathHashPrefixes($0)).covers("bar") }
        #expect(covers(["fc"]))
        #expect(covers(["00", "fcde2b2e"]))
        #expect(covers([""]))
        #expect(!covers(["fd", "cf"]))
        #expect(!covers(["FC"]))
        #expect(!covers([]))
    }

    @Test func `cover nothing without paths`() {
        #expect(!DelegatedRole(name: "r", keys: RoleKeys(keyIDs: []), scope: .nothing).covers("a"))
        #expect(!DelegatedRole(name: "r", keys: RoleKeys(keyIDs: []), scope: .paths([])).covers("a"))
    }
}
