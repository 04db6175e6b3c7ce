extension SchemaMigration {
    static let roles = SchemaMigration(
        name: "6 roles",
        sql: """
            -- Accounts from before there were roles could do everything.
            ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
            """)

    static let logins = SchemaMigration(
        name: "7 logins",
        sql: """
            -- What a session began with, and where, was not known before: everybody logs in once more.
            DROP TABLE admin_session;
            -- credential: the SHA-256 of the password's hash that it began with.
            CREATE TABLE admin_session (
                hash BLOB NOT NULL PRIMARY KEY,
                user TEXT NOT NULL,
                created INTEGER NOT NULL,
                expires INTEGER NOT NULL,
                credential BLOB NOT NULL,
                address TEXT,
                last_used INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX admin_session_expires ON admin_session (expires);

            -- Failed logins. account: the SHA-256 of a user's name. Of the two, what is empty stands for all.
            CREATE TABLE login_tally (
                account BLOB NOT NULL,
                address TEXT NOT NULL,
                failures INTEGER NOT NULL,
                last INTEGER NOT NULL,
                refused_since INTEGER,
                delay INTEGER NOT NULL,
                PRIMARY KEY (account, address)
            ) STRICT, WITHOUT ROWID;
            -- Where an account has logged in from.
            CREATE TABLE login_address (
                account BLOB NOT NULL,
                address TEXT NOT NULL,
                last INTEGER NOT NULL,
                PRIMARY KEY (account, address)
            ) STRICT, WITHOUT ROWID;
            """)
}
