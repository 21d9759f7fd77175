// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Writes changes in the order they came, those that wait together in one transaction, and answers after its commit.
actor GroupCommit {
    /// The most changes of one transaction, so that none waits long for the others of its own.
    static let maximumBatch = 256
    /// The most changes that wait; more are refused.
    static let maximumWaiting = 16_384

    private typealias Outcome = Result<Worker, WorkerStoreError>

    private let pool: DatabasePool
    private let tables: ChangeWriter
    private var waiting: [(change: WorkerChange, answer: CheckedContinuation<Outcome, Never>)] = []
    private var isWriting = false

    init(pool: DatabasePool, limits: StoreLimits) {
        self.pool = pool
        tables = ChangeWriter(limits: limits)
    }

    func apply(_ change: WorkerChange) async throws(WorkerStoreError) -> Worker {
        guard waiting.count < Self.maximumWaiting else { throw .busy }
        let outcome = await withCheckedContinuation { answer in
            waiting.append((change, answer))
            if !isWriting {
                isWriting = true
                // A task of its own: who asked may give up, and the others must still be answered.
                Task { await writeAll() }
            }
        }
        return try outcome.get()
    }

    private func writeAll() async {
        while !waiting.isEmpty {
            let batch = waiting.prefix(Self.maximumBatch)
            waiting.removeFirst(batch.count)
            let outcomes = await write(batch.map(\.change))
            for (request, outcome) in zip(batch, outcomes) { request.answer.resume(returning: outcome) }
        }
        isWriting = false
    }

    /// One outcome for each change.
    private func write(_ changes: [WorkerChange]) async -> [Outcome] {
        do {
            return try await pool.write { [tables] db in
                let outcomes = try changes.map { try Self.write($0, with: tables, db) }
                try tables.trimEvents(db)
                return outcomes
            }
        } catch {
            let failure = WorkerStoreError.failed("\(error)")
            return changes.map { _ in .failure(failure) }
        }
    }

    /// A change that is refused is undone by its own savepoint. Other errors (a full disk) end the transaction.
    private static func write(_ change: WorkerChange, with tables: ChangeWriter, _ db: Database) throws -> Outcome {
        var outcome = Outcome.failure(.conflict)
        try db.inSavepoint {
            do {
                outcome = .success(try tables.write(change, db))
                return .commit
            } catch let error as WorkerStoreError {
                outcome = .failure(error)
                return .rollback
            }
        }
        return outcome
    }
}
