extension SchemaMigration {
    static let repeats = SchemaMigration(
        name: "9 repeated changes",
        sql: """
            -- name: the hash of caller and idempotency key. answer: sealed under that key; NULL while there is none.
            CREATE TABLE repeated_change (
                name BLOB PRIMARY KEY,
                fingerprint BLOB NOT NULL,
                run TEXT NOT NULL,
                begun INTEGER NOT NULL,
                answer BLOB
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX repeated_change_begun ON repeated_change (begun);
            """)
}
