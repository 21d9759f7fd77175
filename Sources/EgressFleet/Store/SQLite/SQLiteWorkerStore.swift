// SPDX-License-Identifier: Apache-2.0

public import EgressAudit
import GRDB

/// A fleet in one SQLite file, on a local file system.
///
/// ## What lasts
/// A change that was acknowledged has been committed with `synchronous=FULL` to the write-ahead log: it is there after
/// `kill -9`, and after a loss of power too if the disk keeps what it said it wrote (SQLite asks by fsync once for every
/// commit; disks and virtual machines that lie about fsync lose it whatever SQLite does). A change that was not
/// acknowledged is there wholly or not at all.
///
/// Changes that wait at the same time share one commit, so that the cost of an fsync is shared too. Each is its own savepoint: one
/// that is refused leaves the others as they are.
public final class SQLiteWorkerStore: WorkerStore {
    let pool: DatabasePool
    private let writer: GroupCommit

    /// Opens a file, makes it if there is none, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: The file; `-wal` and `-shm` files come beside it. It is made readable for its owner only.
    ///   - limits: What it holds at most.
    /// - Throws: `failed` if it can't be opened, is no fleet, or was written by a later version.
    public init(path: String, limits: StoreLimits = StoreLimits()) throws(WorkerStoreError) {
        do {
            try PrivateFile.make(path)
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            pool = try DatabasePool(path: path, configuration: configuration)
            try FleetSchema.prepare(pool)
        } catch let error as WorkerStoreError {
            throw error
        } catch {
            throw .failed("cannot open '\(path)' as a fleet: \(error)")
        }
        writer = GroupCommit(pool: pool, limits: limits)
    }

    /// The worker of this id.
    public func worker(_ id: String) async throws(WorkerStoreError) -> Worker? {
        try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT * FROM workers WHERE id = ?")
            return try Row.fetchOne(statement, arguments: [id]).map { try Worker(row: $0) }
        }
    }

    /// Makes one change, all of it or nothing, and returns when it lasts.
    public func apply(_ change: WorkerChange) async throws(WorkerStoreError) -> Worker {
        try await writer.apply(change)
    }

    /// Workers in the order of their ids.
    public func workers(_ query: WorkerQuery) async throws(WorkerStoreError) -> [Worker] {
        let sql =
            query.state == nil
            ? "SELECT * FROM workers WHERE id > :after AND :state IS NULL ORDER BY id LIMIT :limit"
            : "SELECT * FROM workers WHERE id > :after AND state = :state ORDER BY id LIMIT :limit"
        return try await read { db in
            let arguments: StatementArguments = [
                "after": query.after ?? "", "state": query.state?.rawValue, "limit": max(0, query.limit),
            ]
            return try Row.fetchAll(try db.cachedStatement(sql: sql), arguments: arguments).map { try Worker(row: $0) }
        }
    }

    /// Workers that time has done something to.
    public func overdueWorkers(_ query: OverdueQuery) async throws(WorkerStoreError) -> [Worker] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT * FROM workers WHERE state IN ('ready', 'stale', 'draining') AND (heard_at <= :heard
                        OR attested_at <= :attested OR (state = 'ready' AND heard_at <= :ready)) LIMIT :limit
                    """
            )
            let arguments: StatementArguments = [
                "heard": query.heardBy.stored, "attested": query.attestedBy.stored,
                "ready": query.readyHeardBy.stored, "limit": max(0, query.limit),
            ]
            return try Row.fetchAll(statement, arguments: arguments).map { try Worker(row: $0) }
        }
    }

    /// How many workers are in each state.
    public func counts() async throws(WorkerStoreError) -> [WorkerState: Int] {
        try await read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT state, count(*) AS count FROM workers GROUP BY state")
            return try rows.reduce(into: [:]) { counts, row in
                counts[try row.raw("state", WorkerState.self)] = row["count"]
            }
        }
    }

    /// Events, the latest first.
    public func events(_ query: EventQuery) async throws(WorkerStoreError) -> [FleetEvent] {
        let sql =
            query.workerID == nil
            ? "SELECT * FROM events WHERE sequence < :before AND :worker IS NULL ORDER BY sequence DESC LIMIT :limit"
            : "SELECT * FROM events WHERE sequence < :before AND worker_id = :worker ORDER BY sequence DESC LIMIT :limit"
        return try await read { db in
            let arguments: StatementArguments = [
                "before": query.before ?? .max, "worker": query.workerID, "limit": max(0, query.limit),
            ]
            return try Row.fetchAll(try db.cachedStatement(sql: sql), arguments: arguments)
                .map { try FleetEvent(row: $0) }
        }
    }

    /// Removes what no longer matters.
    public func forget(
        unheardSince unheard: Timestamp,
        now: Timestamp,
        limit: Int
    ) async throws(WorkerStoreError) -> Int {
        try await guarding {
            try await pool.write { db in
                try db.execute(sql: "DELETE FROM uses WHERE expires_at <= ?", arguments: [now.stored])
                try db.execute(
                    sql: """
                        DELETE FROM workers WHERE id IN (SELECT id FROM workers WHERE heard_at <= ? AND state IN
                            ('finished', 'offline', 'orphaned', 'failed', 'unattested') LIMIT ?)
                        """,
                    arguments: [unheard.stored, max(0, limit)]
                )
                return db.changesCount
            }
        }
    }

    /// Ends the connections; what was acknowledged is in the file already.
    public func close() throws(WorkerStoreError) {
        do {
            try pool.close()
        } catch {
            throw .failed("\(error)")
        }
    }

    private func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws(WorkerStoreError) -> T {
        try await guarding { try await pool.read(body) }
    }

    private func guarding<T: Sendable>(_ body: () async throws -> T) async throws(WorkerStoreError) -> T {
        do {
            return try await body()
        } catch let error as WorkerStoreError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }
}
