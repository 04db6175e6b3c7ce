extension SchemaMigration {
    /// Content that is fetched when it is first asked for. What is awaited is available, too.
    static let awaitedContent = SchemaMigration(
        name: "10 content on demand",
        sql: """
            ALTER TABLE version ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE file ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;
            """)
}
