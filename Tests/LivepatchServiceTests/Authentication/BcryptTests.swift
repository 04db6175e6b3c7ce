import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("bcrypt")
struct BcryptTests {
    @Test(
        arguments: [
            // Published test vectors of crypt_blowfish and jBCrypt.
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
            ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ])
    func `known hashes are recognized`(_ password: String, _ hash: String) {
        #expect(BcryptHash.verify(password, against: hash))
        #expect(!BcryptHash.verify(password + "x", against: hash))
        #expect(!BcryptHash.verify("", against: hash))
    }

    @Test func `what is made is verified, and is never the same twice`() async throws {
        let first = try BcryptHash.make("hunter2", cost: 4)
        let second = try BcryptHash.make("hunter2", cost: 4)
        #expect(first != second)
        #expect(first.hasPrefix("$2b$04$"))
        let verifier = BcryptPasswordVerifier()
        #expect(await verifier.verify("hunter2", against: first))
        #expect(await !verifier.verify("hunter3", against: first))
    }

    @Test(
        arguments: [
            "", "*", "*0", "$2y$", "$2b$10$short", "plain", "$1$abc$xyz", "$6$rounds=5000$salt$hash",
            "$2y$99$aaaaaaaaaaaaaaaaaaaaaa",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        ])
    func `what is no bcrypt hash matches no password`(_ hash: String) {
        #expect(!BcryptHash.verify("U*U", against: hash))
        #expect(!BcryptHash.verify("", against: hash))
        #expect(!BcryptHash.verify(hash, against: hash))
    }

    @Test func `a password that bcrypt would cut is not hashed`() {
        for password in ["", "a\0b", String(repeating: "x", count: 73)] {
            #expect(throws: LivepatchError.self) { try BcryptHash.make(password, cost: 4) }
        }
        #expect(!BcryptHash.verify("U*U\0x", against: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"))
    }

    @Test func `many at once are all answered`() async throws {
        let verifier = BcryptPasswordVerifier()
        let hash = try BcryptHash.make("right", cost: 4)
        let results = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask { await verifier.verify(index.isMultiple(of: 2) ? "right" : "wrong", against: hash) }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 10)
    }
}

@Suite("The first administrator")
struct FirstAdministratorTests {
    let store = InMemoryAccountStore(InMemoryDatabase())

    @Test func `a new server needs one, once, whose password works`() async throws {
        let first = FirstAdministrator(store: store)
        #expect(try await first.isNeeded(configured: [], interactive: true))
        let password = try await first.make()
        #expect(password.filter { $0 != "-" }.count >= 20)
        #expect(!password.contains { "0O1lI".contains($0) })
        let account = try #require(try await store.accounts().first)
        #expect(account.user == "admin")
        #expect(BcryptHash.verify(password, against: account.passwordHash))
        #expect(try await !first.isNeeded(configured: [], interactive: true))
        #expect(try await !first.isNeeded(configured: [], interactive: false), "there is one by now")
    }

    @Test func `configured users are enough`() async throws {
        let users = [Account(user: "a", passwordHash: "h")]
        #expect(try await !FirstAdministrator(store: store).isNeeded(configured: users, interactive: false))
    }

    @Test func `where nobody reads the password it is an error that names the setting`() async throws {
        let error = await #expect(throws: LivepatchError.self) {
            try await FirstAdministrator(store: store).isNeeded(configured: [], interactive: false)
        }
        #expect(error?.code == .configurationInvalid)
        #expect(error?.description.contains("auth.basic.users") == true)
    }
}
