import FoundationEssentials
import LivepatchKit
import Testing

@Suite("Report and account stores")
struct ReportAndAccountStoreTests {
    @Test("reports are numbered, kept whole, and only the newest thousand", arguments: Implementation.allCases)
    func reports(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let report = SyncReport(
                started: noon, ended: noon.addingTimeInterval(3), result: .partial, upstream: "https://upstream.example",
                documents: 3, documentBytes: 4, files: 5, bytes: 6, skipped: 7, versionsAdded: [patch("107.1")],
                versionsChanged: [patch("108.1")], versionsRemoved: [patch("9.1")],
                failures: [
                    .init(file: file("107.1").name, code: "digest-mismatch", message: "It differs."),
                    .init(file: nil, code: "x", message: "y"),
                ], notes: ["A note."])
            for number in 1...1003 {
                let kept = try await stores.reports.add(report)
                #expect(kept.id == Int64(number))
                if number == 1 { #expect(try await stores.reports.reports(limit: 5) == [kept]) }
            }
            let all = try await stores.reports.reports(limit: 5000)
            #expect(all.map(\.id) == (4...1003).reversed().map { Int64($0) })
            #expect(try await stores.reports.reports(limit: 2).map(\.id) == [1003, 1002])
            var expected = report
            expected.id = 1003
            #expect(all.first == expected)
        }
    }

    @Test("accounts are added once", arguments: Implementation.allCases)
    func accounts(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let admin = Account(user: "admin", passwordHash: "$2y$10$abc")
            try await stores.accounts.addAccount(Account(user: "zoe", passwordHash: "$2y$10$def"))
            try await stores.accounts.addAccount(admin)
            await expectError(.alreadyExists) {
                try await stores.accounts.addAccount(Account(user: "admin", passwordHash: "other"))
            }
            #expect(try await stores.accounts.accounts().map(\.user) == ["admin", "zoe"])
            #expect(try await stores.accounts.accounts().first == admin)
        }
    }

    @Test("an account keeps its role", arguments: Implementation.allCases)
    func roles(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            for role in AdministratorRole.allCases {
                try await stores.accounts.addAccount(Account(user: role.rawValue, passwordHash: "$", role: role))
            }
            for account in try await stores.accounts.accounts() { #expect(account.role.rawValue == account.user) }
        }
    }

    @Test("failed logins are remembered and forgotten", arguments: Implementation.allCases)
    func loginHistory(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let address = AddressGroup(IPAddress("2001:db8::7"))
            let pair = LoginLockout.Subject.pair(account: hash("user"), address: address)
            let tallies: [LoginLockout.Subject: LoginLockout.Tally] = [
                pair: .init(failures: 7, last: noon, refusedSince: noon.addingTimeInterval(1), delay: 60),
                .address(address): .init(failures: 1, last: noon), .account(hash("user")): .init(failures: 3, last: noon),
            ]
            let familiarity = LoginLockout.Familiarity(account: hash("user"), address: address)
            let other = LoginLockout.Familiarity(account: hash("other"), address: AddressGroup(nil))
            try await stores.logins.save(
                LoginHistory.Changes(tallies: tallies, familiar: [familiarity: noon, other: noon.addingTimeInterval(0.5)]))
            #expect(
                try await stores.logins.loginHistory()
                    == LoginHistory(tallies: tallies, familiar: [familiarity: noon, other: noon]))
            let changed = LoginLockout.Tally(failures: 8, last: noon.addingTimeInterval(2.9), delay: 1.5)
            try await stores.logins.save(
                LoginHistory.Changes(tallies: [pair: changed, .address(address): nil], familiar: [other: nil]))
            let history = try await stores.logins.loginHistory()
            #expect(history.tallies[pair] == .init(failures: 8, last: noon.addingTimeInterval(2), delay: 1))
            #expect(history.tallies.count == 2 && history.familiar == [familiarity: noon])
        }
    }

    @Test("sessions are found by hash until they are removed", arguments: Implementation.allCases)
    func sessions(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let accounts = stores.accounts
            func session(_ name: String, expires: Double) -> AdminSession {
                AdminSession(
                    user: "admin", hash: hash(name), created: noon, expires: noon.addingTimeInterval(expires),
                    credential: hash("password"), address: name == "a" ? "192.0.2.7" : nil)
            }
            for session in [session("a", expires: 10), session("b", expires: 20), session("c", expires: 30)] {
                try await accounts.addSession(session)
            }
            #expect(try await accounts.session(hash: hash("a")) == session("a", expires: 10))
            try await accounts.removeSessions(expiredBefore: noon.addingTimeInterval(20))
            #expect(try await accounts.session(hash: hash("a")) == nil)
            #expect(try await accounts.session(hash: hash("b")) != nil)
            try await accounts.noteUse(of: hash("c"), at: noon.addingTimeInterval(2.9))
            try await accounts.noteUse(of: hash("a"), at: noon)
            #expect(try await accounts.session(hash: hash("c"))?.lastUsed == noon.addingTimeInterval(2))
            #expect(Set(try await accounts.sessions().map(\.hash)) == [hash("b"), hash("c")])
            try await accounts.removeSessions([hash("b"), hash("a")])
            #expect(try await accounts.session(hash: hash("b")) == nil)
            #expect(try await accounts.session(hash: hash("c")) != nil)
        }
    }
}
