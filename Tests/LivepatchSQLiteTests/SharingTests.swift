import FoundationEssentials
import GRDB
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchSQLite

@Suite("A database that several processes use")
struct SharingTests {
    @Test("what one writes the other reads at once")
    func reads() async throws {
        try await DatabaseDirectory.with { directory in
            let server = try directory.open()
            let sync = try directory.open()
            let (here, there) = (SQLiteCatalog(server), SQLiteCatalog(sync))
            let before = try await here.tierState()
            _ = try await there.add(file("107.1"), entry: entry)
            #expect(try await here.revision().rawValue == before.revision.rawValue + 1)
            #expect(try await here.tierState().state.reach.count == 1)
            #expect(try await here.files(of: patch("107.1")).count == 1)
            await expectError(.catalogueChanged) {
                _ = try await here.apply(
                    TierChange(from: before.state, to: before.state), entry: entry, expecting: before.revision)
            }
            try server.close()
            try sync.close()
        }
    }

    @Test("however many look at once, each sees what was written before it asked")
    func sharedReads() async throws {
        try await DatabaseDirectory.with { directory in
            let (mine, other) = (try directory.open(), try directory.open())
            let (catalog, writer) = (SQLiteCatalog(mine), SQLiteCatalog(other))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<50 {
                            let written = try await writer.revision()
                            #expect(try await catalog.revision() >= written)
                            #expect(try await catalog.fileAndRevision(file("107.1").name).revision >= written)
                        }
                    }
                }
                for number in 1...40 {
                    _ = try await writer.add(file("107.\(number)"), entry: entry)
                    let written = try await writer.revision()
                    let seen = try await catalog.fileAndRevision(file("107.\(number)").name)
                    #expect(seen.record != nil && seen.revision >= written)
                }
                try await group.waitForAll()
            }
            try mine.close()
            try other.close()
        }
    }

    @Test("a look that fails fails alone, and none waits for a database that is closed")
    func failingLooks() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let answers = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<600 {
                    group.addTask {
                        let seen = try? await database.look { db in
                            if number % 3 == 0 { throw DatabaseError(resultCode: .SQLITE_ERROR) }
                            return try CatalogueRow(db).revision()
                        }
                        return (seen == nil) == (number % 3 == 0)
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answers == 600)
            try database.close()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await expectError(.databaseUnavailable) { _ = try await SQLiteCatalog(database).revision() }
                    }
                }
            }
        }
    }

    @Test("what another process withdraws is refused at once: a token, a file, a blocked version")
    func withdrawals() async throws {
        try await DatabaseDirectory.with { directory in
            let server = try directory.open()
            let other = try directory.open()
            let there = SQLiteCatalog(other)
            let edge = try TierName(parsing: "edge")
            let delivery = PatchDelivery(
                catalog: SQLiteCatalog(server), tiers: TierStateCache(catalog: SQLiteCatalog(server)),
                storage: InMemoryPatchStorage())
            let authority = TokenAuthority(tokens: SQLiteTokenStore(server), now: { entry.time })
            let issuer = TokenIssuer(tokens: SQLiteTokenStore(other), now: { entry.time })

            let secret = try await issuer.add(tier: edge, name: "site", validUntil: nil, by: "alice").secret
            for _ in 0..<2 {
                guard case .accepted = try await authority.decide(secret, from: nil) else {
                    Issue.record("the token was refused")
                    return
                }
            }
            try await issuer.revoke("site", by: "alice")
            guard case .refused(.revoked, _) = try await authority.decide(secret, from: nil) else {
                Issue.record("the revoked token was accepted")
                return
            }

            let name = file("107.1").name
            await expectError(.notFound) { _ = try await delivery.file(name, for: .tier(edge)) }
            _ = try await there.add(file("107.1"), entry: entry)
            #expect(try await delivery.file(name, for: .tier(edge)) == file("107.1"))
            await expectError(.notFound) { _ = try await delivery.file(name, for: .tier(TierName(parsing: "stable"))) }
            let administration = TierAdministration(
                catalog: there, tokens: SQLiteTokenStore(other), authTokens: SQLiteAuthTokenStore(other), authority: .local,
                now: { entry.time })
            _ = try await administration.carryOut(.block(version: name.version, reason: "bad"), by: "alice")
            await expectError(.notFound) { _ = try await delivery.file(name, for: .tier(edge)) }
            #expect(try await delivery.file(name, for: .administrator) == file("107.1"))
            try await there.setAvailable(false, [name])
            await expectError(.notFound) { _ = try await delivery.file(name, for: .administrator) }
            try server.close()
            try other.close()
        }
    }

    @Test("what is remembered for whoever cannot wait ends with another process's change, and with the database")
    func promptly() async throws {
        try await DatabaseDirectory.with { directory in
            let (server, other) = (try directory.open(), try directory.open())
            let edge = try TierName(parsing: "edge")
            let (here, there) = (SQLiteCatalog(server), SQLiteCatalog(other))
            let prompt = try server.promptRevision()
            let delivery = PatchDelivery(catalog: here, tiers: TierStateCache(catalog: here), storage: InMemoryPatchStorage())
            let authority = TokenAuthority(tokens: SQLiteTokenStore(server), now: { entry.time })
            let issuer = TokenIssuer(tokens: SQLiteTokenStore(other), now: { entry.time })
            let secret = try await issuer.add(tier: edge, name: "site", validUntil: nil, by: "alice").secret
            let hash = TokenSecret.hash(secret)
            func isRemembered() async throws -> Bool {
                let revision = try #require(prompt.revisionAtOnce())
                #expect(try await there.revision() == revision)
                return authority.remembered(hash, from: nil, as: revision) != nil
            }
            #expect(try await !isRemembered())
            _ = try await authority.decide(secret, from: nil)
            #expect(try await isRemembered())
            _ = try await there.add(file("107.1"), entry: entry)
            #expect(try await !isRemembered())
            _ = try await authority.decide(secret, from: nil)
            #expect(try await isRemembered())

            _ = try await delivery.file(file("107.1").name, for: .tier(edge))
            let before = try #require(prompt.revisionAtOnce())
            #expect(delivery.offers(file("107.1"), in: edge, as: before))
            let administration = TierAdministration(
                catalog: there, tokens: SQLiteTokenStore(other), authTokens: SQLiteAuthTokenStore(other), authority: .local,
                now: { entry.time })
            _ = try await administration.carryOut(.block(version: file("107.1").name.version, reason: "bad"), by: "alice")
            let after = try #require(prompt.revisionAtOnce())
            #expect(!delivery.offers(file("107.1"), in: edge, as: after))

            _ = try await authority.decide(secret, from: nil)
            #expect(try await isRemembered())
            try await issuer.revoke("site", by: "alice")
            #expect(try await !isRemembered())
            guard case .refused(.revoked, _) = try await authority.decide(secret, from: nil) else {
                Issue.record("the revoked token was accepted")
                return
            }
            #expect(try await !isRemembered())

            // Not even a writer who does not come to an end is waited for.
            try await other.write { _ in
                #expect(prompt.revisionAtOnce() != nil)
            }
            try server.close()
            #expect(prompt.revisionAtOnce() == nil)
            try other.close()
        }
    }

    @Test("writers wait for each other, and every change counts once")
    func writes() async throws {
        try await DatabaseDirectory.with { directory in
            let databases = try (0..<3).map { _ in try directory.open() }
            try await withThrowingTaskGroup { group in
                for (index, database) in databases.enumerated() {
                    group.addTask {
                        for kernel in 1...20 {
                            _ = try await SQLiteCatalog(database).add(
                                file("107.1", kernel: 100 * index + kernel), entry: entry)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let catalog = SQLiteCatalog(databases[0])
            #expect(try await catalog.revision().rawValue == 60)
            #expect(try await catalog.version(patch("107.1"))?.files == 60)
            #expect(try await catalog.history(limit: 100, before: nil).count == 60)
            for database in databases { try database.close() }
        }
    }

    @Test("a cancelled write changes nothing, and the next one goes on")
    func cancelled() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await catalog.record(entry)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            try await catalog.record(entry)
            #expect(try await catalog.history(limit: 9, before: nil).count == 1)
            try database.close()
        }
    }
}
