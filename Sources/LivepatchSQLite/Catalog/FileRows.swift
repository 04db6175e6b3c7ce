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
            sql: "SELECT name, length, digest, released, available, cve_list FROM file WHERE version = ?")
        var files: [PatchFileRecord] = []
        let rows = try Row.fetchCursor(statement, arguments: [key])
        while let row = try rows.next() { files.append(try record(row) { lists[$0] ?? [] }) }
        return files.sorted { $0.file.name < $1.file.name }
    }

    func file(_ name: PatchFileName) throws -> PatchFileRecord? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT name, length, digest, released, available, cve_list FROM file WHERE version = ? AND name = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [Column.key(of: name.version), name.description])
        else { return nil }
        return try record(row, cves: cveList)
    }

    /// The files with that content, in order of name.
    func holding(_ digest: SHA256Digest) throws -> [PatchFileRecord] {
        let statement = try db.cachedStatement(
            sql: "SELECT name, length, digest, released, available, cve_list FROM file WHERE digest = ?")
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
                INSERT INTO file (version, name, length, digest, released, cve_list, available) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (version, name) DO UPDATE SET length = excluded.length, digest = excluded.digest,
                    released = excluded.released, cve_list = excluded.cve_list, available = excluded.available
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
                record.available ? 1 : 0,
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

    /// - Returns: whether there is such a file and that was news.
    func setAvailable(_ available: Bool, _ name: PatchFileName) throws -> Bool {
        try db.cachedStatement(sql: "UPDATE file SET available = ? WHERE version = ? AND name = ? AND available <> ?")
            .execute(arguments: [
                available ? 1 : 0, Column.key(of: name.version), name.description, available ? 1 : 0,
            ])
        return db.changesCount > 0
    }

    private func record(_ row: Row, cves: (Int64) throws -> [String]) throws -> PatchFileRecord {
        let list: Int64? = row[5]
        return PatchFileRecord(
            file: PatchFile(
                name: try Column.value(PatchFileName.self, row[0]), length: row[1], digest: try Column.digest(row, 2),
                released: Column.date(row[3]), cves: try list.map(cves) ?? []),
            available: row[4] != 0)
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
