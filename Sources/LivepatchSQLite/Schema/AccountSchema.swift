extension SchemaMigration {
    static let roles = SchemaMigration(
        name: "6 roles",
        sql: """
            -- Accounts from before there were roles could do everything.
            ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
            """)
}
