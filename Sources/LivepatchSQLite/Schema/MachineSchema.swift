extension SchemaMigration {
    static let machines = SchemaMigration(
        name: "2 machines",
        sql: """
            CREATE TABLE auth_token (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL,
                tier TEXT NOT NULL,
                created INTEGER NOT NULL,
                valid_until INTEGER,
                machine_limit INTEGER,
                revoked INTEGER,
                hash BLOB NOT NULL UNIQUE
            ) STRICT;
            CREATE UNIQUE INDEX auth_token_name ON auth_token (name) WHERE revoked IS NULL;

            -- auth_token: the one that it registered with last. attached: whether it has a token. What its last report says that
            -- machines are looked for by is in columns of its own, which change only with its state.
            CREATE TABLE machine (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                id BLOB NOT NULL UNIQUE,
                auth_token INTEGER NOT NULL REFERENCES auth_token,
                attached INTEGER NOT NULL,
                registered INTEGER NOT NULL,
                last_seen INTEGER,
                kernel TEXT,
                flavour TEXT,
                architecture TEXT,
                patch_version INTEGER,
                attempted_version INTEGER,
                state TEXT,
                state_since INTEGER,
                booted INTEGER,
                shared_since INTEGER,
                report TEXT
            ) STRICT;
            CREATE INDEX machine_auth_token ON machine (auth_token, attached);
            CREATE INDEX machine_state ON machine (state, patch_version);
            CREATE INDEX machine_patch_version ON machine (patch_version);
            CREATE INDEX machine_attempted_version ON machine (attempted_version) WHERE attempted_version IS NOT NULL;
            CREATE INDEX machine_kernel ON machine (kernel, flavour, architecture);
            CREATE INDEX machine_last_seen ON machine (last_seen);
            CREATE INDEX machine_shared ON machine (shared_since) WHERE shared_since IS NOT NULL;

            -- A machine's newest token has the greatest id.
            CREATE TABLE machine_token (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                hash BLOB NOT NULL UNIQUE,
                machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
                auth_token INTEGER NOT NULL REFERENCES auth_token,
                issued INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX machine_token_machine ON machine_token (machine);
            CREATE INDEX machine_token_auth_token ON machine_token (auth_token);

            -- A line for each change of a machine's state.
            CREATE TABLE machine_history (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
                time INTEGER NOT NULL,
                booted INTEGER,
                shared_since INTEGER,
                report TEXT NOT NULL
            ) STRICT;
            CREATE INDEX machine_history_machine ON machine_history (machine);
            CREATE INDEX machine_history_time ON machine_history (time);

            CREATE TABLE machine_tag (
                machine INTEGER NOT NULL REFERENCES machine ON DELETE CASCADE,
                tag TEXT NOT NULL,
                PRIMARY KEY (machine, tag)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX machine_tag_tag ON machine_tag (tag);
            """)
}
