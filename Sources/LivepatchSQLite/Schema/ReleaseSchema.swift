extension SchemaMigration {
    static let releases = SchemaMigration(
        name: "8 releases",
        sql: """
            -- Which release took the step, for whoever is older and finds it; NULL where nobody noted it.
            ALTER TABLE schema_migration ADD COLUMN release TEXT;
            """)
}
