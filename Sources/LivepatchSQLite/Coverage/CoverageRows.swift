import GRDB
import LivepatchKit

/// The rows of the coverage table.
struct CoverageRows {
    /// Who speaks in a row.
    enum Source: Int64 {
        case local = 0
        case upstream = 1
    }

    let db: Database

    init(_ db: Database) { self.db = db }

    func table() throws -> CoverageTable {
        CoverageTable(local: try entries(.local), upstream: try entries(.upstream))
    }

    /// - Returns: whether that changed anything.
    @discardableResult
    func replace(_ source: Source, with entries: [KernelCoverage]) throws -> Bool {
        let before = Set(try self.entries(source))
        guard before != Set(entries) else { return false }
        try db.execute(sql: "DELETE FROM kernel_coverage WHERE is_upstream = ?", arguments: [source.rawValue])
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO kernel_coverage (is_upstream, series, flavour, architecture, codename, covered_until, oldest_build)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for entry in entries {
            try statement.execute(arguments: [
                source.rawValue, entry.series.description, entry.flavour.rawValue, entry.architecture.rawValue,
                entry.codename?.rawValue ?? "", Column.seconds(entry.coveredUntil), entry.oldestBuild.map(Column.seconds),
            ])
        }
        return true
    }

    private func entries(_ source: Source) throws -> [KernelCoverage] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT series, flavour, architecture, codename, covered_until, oldest_build FROM kernel_coverage
                WHERE is_upstream = ?
                """)
        return try Row.fetchAll(statement, arguments: [source.rawValue]).map { row in
            let codename: String = row[3]
            let oldestBuild: Int64? = row[5]
            return KernelCoverage(
                KernelCoverage.Key(
                    series: try Column.value(KernelSeries.self, row[0]), flavour: try Column.value(Flavour.self, row[1]),
                    architecture: try Column.value(Architecture.self, row[2]),
                    codename: codename.isEmpty ? nil : try Column.value(Codename.self, codename)),
                coveredUntil: Column.date(row[4]), oldestBuild: oldestBuild.map(Column.date))
        }
    }
}
