extension SchemaMigration {
    /// Conventions: a patch version is one integer (``Column/key(of:)``), a digest is a blob of 32 bytes, a time is seconds since 1970.
    static let initial = SchemaMigration(
        name: "1 catalogue, tokens, reports, accounts",
        sql: """
            -- One row: what the catalogue is as a whole.
            CREATE TABLE catalogue (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                revision INTEGER NOT NULL,
                deployment TEXT,
                sync_state TEXT NOT NULL
            ) STRICT;

            -- files, available, bytes, released and cves sum up the version's files, so that a list of versions reads no file.
            CREATE TABLE version (
                id INTEGER PRIMARY KEY,
                source TEXT NOT NULL,
                arrived INTEGER NOT NULL,
                released INTEGER NOT NULL,
                files INTEGER NOT NULL,
                available INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                cves TEXT NOT NULL,
                document_length INTEGER,
                document_digest BLOB
            ) STRICT;

            -- Most files of a version fix the same CVEs: each list is stored once.
            CREATE TABLE cve_list (
                id INTEGER PRIMARY KEY,
                version INTEGER NOT NULL REFERENCES version ON DELETE CASCADE,
                cves TEXT NOT NULL,
                UNIQUE (version, cves)
            ) STRICT;

            -- A name says its version, so both are the key: a version's files lie side by side.
            CREATE TABLE file (
                version INTEGER NOT NULL REFERENCES version ON DELETE CASCADE,
                name TEXT NOT NULL,
                length INTEGER NOT NULL,
                digest BLOB NOT NULL,
                released INTEGER NOT NULL,
                cve_list INTEGER,
                available INTEGER NOT NULL,
                PRIMARY KEY (version, name)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX file_digest ON file (digest);

            CREATE TABLE version_document (
                version INTEGER PRIMARY KEY REFERENCES version ON DELETE CASCADE,
                digest BLOB NOT NULL,
                bytes BLOB NOT NULL
            ) STRICT;
            CREATE INDEX version_document_digest ON version_document (digest);
            CREATE TABLE fetched_document (
                digest BLOB NOT NULL PRIMARY KEY,
                bytes BLOB NOT NULL
            ) STRICT;

            CREATE TABLE tier (
                position INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE
            ) STRICT;
            -- The last tier that a version reaches; no row for none.
            CREATE TABLE reach (
                version INTEGER PRIMARY KEY REFERENCES version ON DELETE CASCADE,
                tier TEXT NOT NULL
            ) STRICT;
            -- A block outlives its version, and may come before it.
            CREATE TABLE block (
                version INTEGER NOT NULL,
                deployment TEXT NOT NULL,
                reason TEXT NOT NULL,
                blocked INTEGER NOT NULL,
                PRIMARY KEY (version, deployment)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE history (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                time INTEGER NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                reason TEXT,
                change TEXT,
                undoes INTEGER REFERENCES history
            ) STRICT;
            CREATE INDEX history_undoes ON history (undoes) WHERE undoes IS NOT NULL;
            CREATE TABLE tier_snapshot (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                taken INTEGER NOT NULL,
                reason TEXT NOT NULL,
                content TEXT NOT NULL
            ) STRICT;

            CREATE TABLE token (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL,
                tier TEXT NOT NULL,
                created INTEGER NOT NULL,
                valid_until INTEGER,
                revoked INTEGER,
                last_used INTEGER,
                last_deployment TEXT
            ) STRICT;
            CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked IS NULL;
            CREATE TABLE token_secret (
                hash BLOB NOT NULL PRIMARY KEY,
                token INTEGER NOT NULL REFERENCES token ON DELETE CASCADE,
                position INTEGER NOT NULL,
                valid_until INTEGER
            ) STRICT;
            CREATE INDEX token_secret_token ON token_secret (token, position);

            CREATE TABLE sync_report (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                report TEXT NOT NULL
            ) STRICT;

            CREATE TABLE account (
                user TEXT NOT NULL PRIMARY KEY,
                password_hash TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE admin_session (
                hash BLOB NOT NULL PRIMARY KEY,
                user TEXT NOT NULL,
                created INTEGER NOT NULL,
                expires INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX admin_session_expires ON admin_session (expires);

            INSERT INTO catalogue (id, revision, deployment, sync_state) VALUES (1, 0, NULL, '');
            INSERT INTO tier (position, name) VALUES (0, 'edge'), (1, 'beta'), (2, 'candidate'), (3, 'stable');
            """)
}
