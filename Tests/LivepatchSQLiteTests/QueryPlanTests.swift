import FoundationEssentials
import GRDB
import LivepatchKit
import Synchronization
import Testing

@testable import LivepatchSQLite

/// That a million files stay as quick as ten is a matter of never walking through them, which the query plans show.
@Suite("What SQLite has to walk through")
struct QueryPlanTests {
    /// The plans of all statements that run in a body.
    private func plans(_ database: SQLiteDatabase, _ body: @escaping @Sendable (Database) throws -> Void) async throws -> [String]
    {
        try await database.pool.write { db in
            let statements = Mutex<[String]>([])
            db.trace { event in statements.withLock { $0.append(event.expandedDescription) } }
            try body(db)
            db.trace(options: [])
            var plans: [String] = []
            for sql in statements.withLock({ $0 }) where !sql.hasPrefix("--") {
                plans += try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)").map { "\($0["detail"] as String) ← \(sql)" }
            }
            return plans
        }
    }

    private func expectNoWalk(
        _ plans: [String], through tables: [String] = ["file", "cve_list", "version_document", "token_secret"],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(!plans.isEmpty, sourceLocation: sourceLocation)
        for plan in plans {
            let walks = tables.contains { plan.hasPrefix("SCAN \($0) ") }
            #expect(!walks, "\(plan)", sourceLocation: sourceLocation)
        }
    }

    @Test("reading files, versions, documents and tokens walks through no table of files")
    func reading() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            _ = try await SQLiteCatalog(database).add(file("107.1"), entry: entry)
            let plans = try await plans(database) { db in
                _ = try FileRows(db).of(patch("107.1"))
                _ = try FileRows(db).file(file("107.1").name)
                _ = try FileRows(db).holding(file("107.1").digest)
                _ = try VersionRows(db).version(patch("107.1"))
                _ = try DocumentRows(db).document(of: patch("107.1"))
                _ = try DocumentRows(db).bytes(file("107.1").digest)
                _ = try TokenRows(db).token(hash: file("107.1").digest)
                _ = try HistoryRows(db).records(limit: 10, before: 100)
            }
            expectNoWalk(
                plans,
                through: [
                    "file", "cve_list", "version", "version_document", "fetched_document", "token", "token_secret", "history",
                ])
            #expect(plans.contains { $0.contains("INDEX file_digest (digest=?)") })
            #expect(plans.contains { $0.contains("PRIMARY KEY (version=? AND name=?)") })
            try database.close()
        }
    }

    @Test("what every machine asks for, and a batch of what they say, walks through no table")
    func machines() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let (digest, limited) = (file("107.1").digest, limitedAuthToken())
            let machine = HashedMachineID(digest: digest)
            let update = MachineUpdate(
                machine: machine, time: entry.time,
                report: MachineReport(kernel: try kernel(), patchState: .applied, patchVersion: patch("107.1")), isChange: true)
            let plans = try await plans(database) { db in
                try AuthTokenRows(db).add(limited)
                guard let token = try AuthTokenRows(db).token(hash: digest) else { return }
                try MachineTokenRows(db).register(machine, token: digest, with: token, at: entry.time)
                _ = try MachineTokenRows(db).identity(digest)
                _ = try MachineRows(db).machine(machine)
                try MachineRows(db).write(update)
                _ = try MachineRows(db).history(of: machine, limit: 10)
                _ = try MachineRows(db).removeHistory(before: entry.time, limit: 10)
                for change in machineQueries { _ = try MachineRows(db).count(MachineCondition(change)) }
                try MachineTokenRows(db).end(digest)
                _ = try MachineRows(db).remove(machine)
            }
            expectNoWalk(plans, through: ["machine", "machine_token", "machine_history", "machine_tag", "token", "newer"])
            try database.close()
        }
    }

    private func kernel() throws -> MachineKernel {
        let name = file("107.1").name
        return MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
    }

    private func limitedAuthToken() -> AuthToken {
        AuthToken(id: "web", tier: TierState.defaultTiers[0], created: entry.time, machineLimit: 5, hash: file("107.1").digest)
    }

    private var machineQueries: [MachineQuery] {
        var tier = MachineQuery()
        tier.tier = TierState.defaultTiers.first
        var state = MachineQuery()
        state.states = [.applyFailed, .checkFailed]
        var version = MachineQuery()
        version.patchVersion = patch("107.1")
        var seen = MachineQuery()
        seen.seenSince = entry.time
        var tag = MachineQuery()
        tag.tags = ["x"]
        var prefix = MachineQuery()
        prefix.idPrefix = "abcdef01"
        return [tier, state, version, seen, tag, prefix]
    }

    @Test("a list of versions reads no file")
    func versions() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let plans = try await plans(database) { _ = try VersionRows($0).all() }
            #expect(plans.count == 1)
            #expect(plans.allSatisfy { !$0.contains("file ") && !$0.contains("TEMP B-TREE") })
            try database.close()
        }
    }

    @Test("a switch to a new view touches only the versions that it is about")
    func commit() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            try await catalog.commit(try await catalog.preparedCommit("106.1", files: 3))
            var commit = try await catalog.preparedCommit("107.1", files: 3, removed: ["106.1"])
            commit.arrived = [file("105.1").name]
            let prepared = commit
            expectNoWalk(try await plans(database) { try CommitTransaction(commit: prepared, db: $0).run() })
            try database.close()
        }
    }

    @Test("machines are counted by indexes alone, and what is below is found by its place")
    func fleet() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let counting = try await plans(database) { db in
                _ = try FleetRows(db).groups(tier: nil)
                _ = try FleetRows(db).machineFeed()
                _ = try FleetRows(db).machineChanges(after: 1, limit: 10)
            }
            #expect(counting.contains { $0.contains("SCAN machine USING COVERING INDEX machine_group") }, "\(counting)")
            #expect(!counting.contains { $0.contains("TEMP B-TREE") }, "\(counting)")
            let presence = try await plans(database) { db in
                _ = try FleetRows(db).presence(tier: nil, now: Date(), silentSince: Date())
            }
            #expect(presence.contains { $0.contains("USING COVERING INDEX machine_last_seen") }, "\(presence)")
            let failures = try await plans(database) { _ = try FleetRows($0).failures(tier: nil, version: nil, limit: 9) }
            #expect(failures.contains { $0.contains("SEARCH machine USING INDEX machine_state (state=?)") }, "\(failures)")
            let id = try HashedMachineID(parsing: String(repeating: "ab", count: 32))
            let below = try await plans(database) { db in
                let rows = DownstreamRows(db)
                let deployment = try DeploymentID(parsing: "site")
                _ = try rows.key(DownstreamSource(token: "site", reporter: deployment, deployment: deployment))
                _ = try rows.feed(1)
                _ = try rows.machines(DownstreamCondition(MachineQuery(), source: 1, after: id), limit: 10)
                _ = try rows.count(DownstreamCondition(MachineQuery(), source: 1))
            }
            expectNoWalk(below, through: ["downstream_report", "downstream_machine", "token"])
            #expect(!below.contains { $0.contains("TEMP B-TREE") }, "\(below)")
            try database.close()
        }
    }

    @Test("every reference between tables is found through an index, so that removing a row walks through none")
    func references() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let missing = try await database.pool.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT child.name || '.' || reference."from" FROM sqlite_master AS child
                        JOIN pragma_foreign_key_list(child.name) AS reference
                        WHERE child.type = 'table'
                        AND NOT EXISTS (
                            SELECT 1 FROM pragma_table_info(child.name) AS "column"
                            WHERE "column".name = reference."from" AND "column".pk = 1)
                        AND NOT EXISTS (
                            SELECT 1 FROM pragma_index_list(child.name) AS "index"
                            JOIN pragma_index_info("index".name) AS part
                            WHERE part.seqno = 0 AND part.name = reference."from")
                        """)
            }
            #expect(missing == [])
            try database.close()
        }
    }
}
