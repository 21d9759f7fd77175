// SPDX-License-Identifier: Apache-2.0

extension WorkerAttestation {
    /// Checks that this is the statement of the end of the run that `start` is of the beginning of.
    public func validate(endOf start: WorkerAttestation) throws(WorkerAttestationError) {
        guard statement == .final, let outcome else { throw .wrongStatement(statement.rawValue) }
        guard start.statement == .start else { throw .wrongStatement(start.statement.rawValue) }
        guard keyID == start.keyID else { throw .unknownKey(keyID) }
        guard outcome.start == start.tokenID else { throw .invalidClaim("egress_run.start") }
        guard workerID == start.workerID else { throw .workerIDMismatch(found: workerID ?? "") }
        guard issuedAt >= start.issuedAt else { throw .notYetValid(from: start.issuedAt) }
    }
}
