import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of patch files. A catalogue may have a million of them, so that statements are cached and rows decoded by hand.
struct FileRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    /// A version's files, in order of name.
    func of(_ version: PatchVersion) throws -> [PatchFileRecord] {
        let key = Column.key(of: version)
        let lists = try cveLists(key)
        let statement = try db.cachedStatement(
            sql: "SELECT name, length, digest, released, available, cve_list, awaited FROM file WHERE version = ?")
        var files: [PatchFileRecord] = []
        let rows = try Row.fetchCursor(statement, arguments: [key])
        while let row = try rows.next() { files.append(try record(row) { lists[$0] ?? [] }) }
        return files.sorted { $0.file.name < $1.file.name }
    }

    func file(_ name: PatchFileName) throws -> PatchFileRecord? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT name, length, digest, released, available, cve_list, awaited FROM file WHERE version = ? AND name = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [Column.key(of: name.version), name.description])
        else { return nil }
        return try record(row, cves: cveList)
    }

    /// The files with that content, in order of name.
    func holding(_ digest: SHA256Digest) throws -> [PatchFileRecord] {
        let statement = try db.cachedStatement(
            sql: "SELECT name, length, digest, released, available, cve_list, awaited FROM file WHERE digest = ?")
        var files: [PatchFileRecord] = []
        let rows = try Row.fetchCursor(statement, arguments: [Column.blob(digest)])
        while let row = try rows.next() { files.append(try record(row, cves: cveList)) }
        return files.sorted { $0.file.name < $1.file.name }
    }

    /// Adds or replaces files of one version.
    func write(_ files: [PatchFileRecord], of version: PatchVersion) throws {
        guard !files.isEmpty else { return }
        let key = Column.key(of: version)
        var lists = Dictionary(try cveLists(key).map { ($0.value, $0.key) }) { first, _ in first }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO file (version, name, length, digest, released, cve_list, available, awaited)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (version, name) DO UPDATE SET length = excluded.length, digest = excluded.digest,
                    released = excluded.released, cve_list = excluded.cve_list, available = excluded.available,
                    awaited = excluded.awaited
                """)
        for record in files {
            let file = record.file
            var list = lists[file.cves]
            if list == nil, !file.cves.isEmpty {
                list = try addCVEList(file.cves, key)
                lists[file.cves] = list
            }
            try statement.execute(arguments: [
                key, file.name.description, file.length, Column.blob(file.digest), Column.seconds(file.released), list,
                record.available ? 1 : 0, record.isAwaited ? 1 : 0,
            ])
        }
    }

    /// - Returns: whether there was such a file.
    @discardableResult
    func remove(_ name: PatchFileName) throws -> Bool {
        try db.cachedStatement(sql: "DELETE FROM file WHERE version = ? AND name = ?")
            .execute(arguments: [Column.key(of: name.version), name.description])
        return db.changesCount > 0
    }

    /// - Parameter isAwaited: tells of a file's digest whether its content is fetched first.
    /// - Returns: what that changed of the version's counts; `nil` if there is no such file, or it was no news.
    func setAvailable(
        _ available: Bool, _ name: PatchFileName, isAwaited: (SHA256Digest) -> Bool = { _ in false }
    ) throws -> AvailabilityDifference? {
        let key = Column.key(of: name.version)
        let known = try db.cachedStatement(sql: "SELECT digest, available, awaited FROM file WHERE version = ? AND name = ?")
        guard let row = try Row.fetchOne(known, arguments: [key, name.description]) else { return nil }
        let awaited = try available && isAwaited(Column.digest(row, 0))
        let (after, before): ((Int, Int), (Int, Int)) = ((available ? 1 : 0, awaited ? 1 : 0), (row[1], row[2]))
        guard after != before else { return nil }
        try db.cachedStatement(sql: "UPDATE file SET available = ?, awaited = ? WHERE version = ? AND name = ?")
            .execute(arguments: [after.0, after.1, key, name.description])
        return AvailabilityDifference(available: after.0 - before.0, awaited: after.1 - before.1)
    }

    private func record(_ row: Row, cves: (Int64) throws -> [String]) throws -> PatchFileRecord {
        let list: Int64? = row[5]
        return PatchFileRecord(
            file: PatchFile(
                name: try Column.value(PatchFileName.self, row[0]), length: row[1], digest: try Column.digest(row, 2),
                released: Column.date(row[3]), cves: try list.map(cves) ?? []),
            available: row[4] != 0, awaited: row[6] != 0)
    }

    // MARK: CVEs

    private func cveLists(_ version: Int64) throws -> [Int64: [String]] {
        let statement = try db.cachedStatement(sql: "SELECT id, cves FROM cve_list WHERE version = ?")
        var lists: [Int64: [String]] = [:]
        let rows = try Row.fetchCursor(statement, arguments: [version])
        while let row = try rows.next() { lists[row[0]] = Column.cves(row[1]) }
        return lists
    }

    private func cveList(_ id: Int64) throws -> [String] {
        let statement = try db.cachedStatement(sql: "SELECT cves FROM cve_list WHERE id = ?")
        return try String.fetchOne(statement, arguments: [id]).map(Column.cves) ?? []
    }

    private func addCVEList(_ cves: [String], _ version: Int64) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO cve_list (version, cves) VALUES (?, ?) ON CONFLICT DO UPDATE SET cves = excluded.cves RETURNING id")
        guard let id = try Int64.fetchOne(statement, arguments: [version, Column.line(cves)]) else {
            throw SQLiteFault.damagedRow("a list of CVEs was not kept")
        }
        return id
    }
}
