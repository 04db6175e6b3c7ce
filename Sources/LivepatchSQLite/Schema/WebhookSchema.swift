extension SchemaMigration {
    static let webhooks = SchemaMigration(
        name: "5 webhooks",
        sql: """
            -- events: the patterns, a JSON list. secret: where the secret is, not the secret. after_change, after_report: the last numbers of
            -- history and sync reports that are none of its business.
            CREATE TABLE webhook (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                url TEXT NOT NULL,
                events TEXT NOT NULL,
                secret TEXT NOT NULL UNIQUE,
                created INTEGER NOT NULL,
                disabled INTEGER,
                disabled_reason TEXT,
                after_change INTEGER NOT NULL,
                after_report INTEGER NOT NULL
            ) STRICT;
            -- One row: up to where events were made.
            CREATE TABLE webhook_cursor (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                change INTEGER NOT NULL,
                report INTEGER NOT NULL,
                is_failing INTEGER NOT NULL
            ) STRICT;
            INSERT INTO webhook_cursor (id, change, report, is_failing) VALUES (1, 0, 0, 0);

            CREATE TABLE webhook_event (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                message TEXT NOT NULL UNIQUE,
                type TEXT NOT NULL,
                time INTEGER NOT NULL,
                body TEXT NOT NULL
            ) STRICT;
            -- next: when it is tried next; last: what came of the last attempt, as JSON.
            CREATE TABLE webhook_delivery (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                webhook INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
                event INTEGER NOT NULL REFERENCES webhook_event ON DELETE CASCADE,
                state TEXT NOT NULL,
                attempts INTEGER NOT NULL,
                next INTEGER,
                last TEXT
            ) STRICT;
            CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next, id) WHERE next IS NOT NULL;
            CREATE INDEX webhook_delivery_state ON webhook_delivery (webhook, state, id);
            CREATE INDEX webhook_delivery_event ON webhook_delivery (event);

            CREATE TABLE webhook_condition (
                kind TEXT NOT NULL,
                key TEXT NOT NULL,
                PRIMARY KEY (kind, key)
            ) STRICT, WITHOUT ROWID;
            """)
}
