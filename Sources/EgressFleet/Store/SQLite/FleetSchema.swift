// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of a fleet's file, and how older files become newer ones.
enum FleetSchema {
    /// Marks the file as ours (https://sqlite.org/pragma.html#pragma_application_id): "EgFl".
    static let applicationID = 0x4567_466c

    /// Checks that the file is a fleet or empty, that the log is where acknowledged writes last, and makes the tables.
    static func prepare(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { db in
            // After GRDB's own NORMAL, with which a loss of power takes the last commits.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            guard try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal",
                try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2
            else { throw WorkerStoreError.failed("there is no write-ahead log (is it a network file system?)") }
            let found = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
            guard found == applicationID || (found == 0 && isEmpty) else {
                throw WorkerStoreError.failed("the file is another program's database")
            }
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        guard try !pool.read({ try migrator.hasBeenSuperseded($0) }) else {
            throw WorkerStoreError.failed("the file was written by a later version of this program")
        }
        try migrator.migrate(pool)
    }

    /// Every version of the tables. What was released is never edited, only followed.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: workers, events, uses") { db in
            try db.execute(sql: tables)
        }
        return migrator
    }

    // Times are milliseconds since 1970. Digests are 32 bytes, or none.
    private static let tables = """
        CREATE TABLE workers (
            id TEXT PRIMARY KEY NOT NULL CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 128),
            state TEXT NOT NULL CHECK (state IN ('ready', 'stale', 'draining', 'finished', 'offline', 'orphaned',
                'failed', 'unattested', 'quarantined')),
            version INTEGER NOT NULL CHECK (version > 0),
            running INTEGER NOT NULL CHECK (running >= 0),
            note TEXT,
            registered_at INTEGER NOT NULL,
            since INTEGER NOT NULL,
            heard_at INTEGER NOT NULL,
            attested_at INTEGER NOT NULL,
            lease_digest BLOB NOT NULL CHECK (length(lease_digest) IN (0, 32)),
            token_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            isolation TEXT NOT NULL,
            egress_proxy INTEGER NOT NULL CHECK (egress_proxy IN (0, 1)),
            software_version TEXT NOT NULL,
            policy_digest TEXT,
            launcher_digest TEXT,
            executable_digest TEXT,
            executable_path TEXT,
            image_digest TEXT,
            build_digest TEXT,
            artifact_digest TEXT,
            kernel TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX workers_by_state ON workers (state, id);

        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            worker_id TEXT NOT NULL,
            signal TEXT NOT NULL,
            from_state TEXT,
            to_state TEXT NOT NULL,
            actor TEXT NOT NULL CHECK (actor IN ('worker', 'operator', 'clock')),
            note TEXT
        ) STRICT;
        CREATE INDEX events_by_worker ON events (worker_id, sequence);

        CREATE TABLE uses (
            digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uses_by_expiry ON uses (expires_at);

        -- How many rows there are, because count(*) reads them all.
        CREATE TABLE sizes (name TEXT PRIMARY KEY NOT NULL, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO sizes VALUES ('workers', 0), ('uses', 0);
        CREATE TRIGGER workers_in AFTER INSERT ON workers BEGIN
            UPDATE sizes SET count = count + 1 WHERE name = 'workers'; END;
        CREATE TRIGGER workers_out AFTER DELETE ON workers BEGIN
            UPDATE sizes SET count = count - 1 WHERE name = 'workers'; END;
        CREATE TRIGGER uses_in AFTER INSERT ON uses BEGIN
            UPDATE sizes SET count = count + 1 WHERE name = 'uses'; END;
        CREATE TRIGGER uses_out AFTER DELETE ON uses BEGIN
            UPDATE sizes SET count = count - 1 WHERE name = 'uses'; END;
        """
}
