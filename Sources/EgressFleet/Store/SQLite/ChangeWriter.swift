// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Writes one change into the tables, inside a savepoint that its caller made.
struct ChangeWriter: Sendable {
    var limits: StoreLimits

    /// The worker with its new version.
    ///
    /// - Throws: `WorkerStoreError` for a refusal, which the savepoint undoes; other errors for what does not work.
    func write(_ change: WorkerChange, _ db: Database) throws -> Worker {
        if change.worker.version == 0 {
            try insert(change.worker, db)
        } else {
            try update(change.worker, db)
        }
        for use in change.uses { try mark(use, db) }
        if let event = change.event { try append(event, db) }
        var worker = change.worker
        worker.version += 1
        return worker
    }

    /// Drops the oldest events. By number and not by count: that is one step in the tree.
    func trimEvents(_ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "DELETE FROM events WHERE sequence <= (SELECT max(sequence) FROM events) - ?"
        )
        try statement.execute(arguments: [max(0, limits.events)])
    }

    private func insert(_ worker: Worker, _ db: Database) throws {
        try refuseIfFull("workers", limit: limits.workers, named: "workers", db)
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO workers VALUES (:id, :state, :version + 1, :running, :note, :registered_at, :since, :heard_at,
                    :attested_at, :lease_digest, :token_id, :key_id, :isolation, :egress_proxy, :software_version,
                    :policy_digest, :launcher_digest, :executable_digest, :executable_path, :image_digest, :build_digest, :artifact_digest, :kernel)
                ON CONFLICT DO NOTHING
                """
        )
        try statement.execute(arguments: worker.columns)
        guard db.changesCount == 1 else { throw WorkerStoreError.conflict }
    }

    private func update(_ worker: Worker, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE workers SET state = :state, version = :version + 1, running = :running, note = :note,
                    registered_at = :registered_at, since = :since, heard_at = :heard_at, attested_at = :attested_at,
                    lease_digest = :lease_digest, token_id = :token_id, key_id = :key_id, isolation = :isolation,
                    egress_proxy = :egress_proxy, software_version = :software_version, policy_digest = :policy_digest,
                    launcher_digest = :launcher_digest, executable_digest = :executable_digest,
                    executable_path = :executable_path, image_digest = :image_digest, build_digest = :build_digest,
                    artifact_digest = :artifact_digest, kernel = :kernel
                WHERE id = :id AND version = :version
                """
        )
        try statement.execute(arguments: worker.columns)
        guard db.changesCount == 1 else { throw WorkerStoreError.conflict }
    }

    private func mark(_ use: SingleUse, _ db: Database) throws {
        try refuseIfFull("uses", limit: limits.uses, named: "used tokens", db)
        let statement = try db.cachedStatement(
            sql: "INSERT INTO uses VALUES (:digest, :expires) ON CONFLICT DO NOTHING"
        )
        try statement.execute(arguments: ["digest": use.digest.stored, "expires": use.expires.stored])
        guard db.changesCount == 1 else { throw WorkerStoreError.replayed }
    }

    private func refuseIfFull(_ table: String, limit: Int, named name: String, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: "SELECT count FROM sizes WHERE name = ?")
        guard let count = try Int.fetchOne(statement, arguments: [table]), count < limit else {
            throw WorkerStoreError.full(name)
        }
    }

    private func append(_ event: FleetEvent, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO events (at, worker_id, signal, from_state, to_state, actor, note)
                VALUES (:at, :worker_id, :signal, :from_state, :to_state, :actor, :note)
                """
        )
        try statement.execute(arguments: event.columns)
    }
}
