extension SchemaMigration {
    static let downstreamReports = SchemaMigration(
        name: "4 downstream reports",
        sql: """
            -- Machines are counted by what is in this index alone.
            CREATE INDEX machine_group ON machine
                (auth_token, kernel, flavour, architecture, patch_version, attempted_version, state);

            -- One row: which sequence of changes this is.
            CREATE TABLE fleet_feed (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                epoch TEXT NOT NULL
            ) STRICT;
            INSERT INTO fleet_feed (id, epoch) VALUES (1, lower(hex(randomblob(16))));

            -- A machine's last change that an upstream would want to know; seen: when it was last heard of then.
            CREATE TABLE machine_change (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                machine INTEGER NOT NULL UNIQUE REFERENCES machine ON DELETE CASCADE,
                seen INTEGER
            ) STRICT;
            INSERT INTO machine_change (machine, seen) SELECT key, last_seen FROM machine ORDER BY key;
            CREATE TRIGGER machine_change_added AFTER INSERT ON machine BEGIN
                INSERT INTO machine_change (machine, seen) VALUES (new.key, new.last_seen);
            END;
            CREATE TRIGGER machine_change_made AFTER UPDATE ON machine WHEN
                new.auth_token IS NOT old.auth_token OR new.registered IS NOT old.registered OR new.kernel IS NOT old.kernel
                OR new.flavour IS NOT old.flavour OR new.architecture IS NOT old.architecture
                OR new.patch_version IS NOT old.patch_version OR new.attempted_version IS NOT old.attempted_version
                OR new.state IS NOT old.state OR new.shared_since IS NOT old.shared_since
                OR json_extract(new.report, '$.message') IS NOT json_extract(old.report, '$.message')
                OR new.last_seen >= 86400 + coalesce((SELECT seen FROM machine_change WHERE machine = new.key), 0)
            BEGIN
                DELETE FROM machine_change WHERE machine = new.key;
                INSERT INTO machine_change (machine, seen) VALUES (new.key, new.last_seen);
            END;
            CREATE TRIGGER machine_change_tagged AFTER INSERT ON machine_tag BEGIN
                DELETE FROM machine_change WHERE machine = new.machine;
                INSERT INTO machine_change (machine, seen) SELECT key, last_seen FROM machine WHERE key = new.machine;
            END;
            CREATE TRIGGER machine_change_untagged AFTER DELETE ON machine_tag BEGIN
                DELETE FROM machine_change WHERE machine = old.machine;
                INSERT INTO machine_change (machine, seen) SELECT key, last_seen FROM machine WHERE key = old.machine;
            END;
            CREATE TRIGGER machine_change_moved AFTER UPDATE OF tier ON auth_token WHEN new.tier IS NOT old.tier BEGIN
                DELETE FROM machine_change WHERE machine IN (SELECT key FROM machine WHERE auth_token = new.id);
                INSERT INTO machine_change (machine, seen) SELECT key, last_seen FROM machine WHERE auth_token = new.id;
            END;

            -- What a deployment told of itself and of those below it. feed_epoch and feed_sequence: how far the reports of its
            -- machines have come here.
            CREATE TABLE downstream_report (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                token INTEGER NOT NULL REFERENCES token ON DELETE CASCADE,
                reporter TEXT NOT NULL,
                deployment TEXT NOT NULL,
                report TEXT NOT NULL,
                feed_epoch TEXT,
                feed_sequence INTEGER,
                UNIQUE (token, reporter, deployment)
            ) STRICT;
            CREATE TRIGGER downstream_revoked AFTER UPDATE OF revoked ON token WHEN new.revoked IS NOT NULL BEGIN
                DELETE FROM downstream_report WHERE token = new.id;
            END;
            CREATE TABLE downstream_machine (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                source INTEGER NOT NULL REFERENCES downstream_report ON DELETE CASCADE,
                machine BLOB NOT NULL,
                content TEXT NOT NULL,
                UNIQUE (source, machine)
            ) STRICT;
            """)
}
