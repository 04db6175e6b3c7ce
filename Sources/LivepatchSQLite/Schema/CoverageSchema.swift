extension SchemaMigration {
    static let coverage = SchemaMigration(
        name: "3 kernel coverage",
        sql: """
            -- is_upstream: 0 for this server's own entries, 1 for its upstream's. codename: '' for an entry without one.
            CREATE TABLE kernel_coverage (
                is_upstream INTEGER NOT NULL,
                series TEXT NOT NULL,
                flavour TEXT NOT NULL,
                architecture TEXT NOT NULL,
                codename TEXT NOT NULL,
                covered_until INTEGER NOT NULL,
                oldest_build INTEGER,
                PRIMARY KEY (is_upstream, series, flavour, architecture, codename)
            ) STRICT, WITHOUT ROWID;
            """)
}
