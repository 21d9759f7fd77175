// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

extension WorkerAttestation {
    /// Checks that the attestation shows what is expected, at a moment in seconds since 1970.
    ///
    /// Whether it was shown before is for an `AttestationReplayGuard` to say.
    public func validate(_ expectation: WorkerAttestationExpectation, at now: Int64) throws(WorkerAttestationError) {
        guard statement == .start else { throw .wrongStatement(statement.rawValue) }
        try checkIdentity(expectation)
        try checkTime(expectation, now)
        try checkNonce(expectation)
        if expectation.requireEgressProxy, let missing = missingBinding { throw .missingEgressProxyBinding(missing) }
        guard isolation >= expectation.minimumIsolation else {
            throw .isolationTooLow(required: expectation.minimumIsolation, found: isolation)
        }
        let digests: [(String, Digest?, Digest?)] = [
            ("policy", expectation.policyDigest, policyDigest),
            ("launcher", expectation.launcherDigest, launcherDigest),
            ("executable", expectation.executableDigest, executableDigest),
            ("image", expectation.imageDigest, imageDigest),
            ("build", expectation.buildDigest, buildDigest),
            ("artifact", expectation.artifactDigest, artifactDigest),
        ]
        for (field, expected, found) in digests {
            guard let expected, expected != found else { continue }
            throw .digestMismatch(field: field, found: found)
        }
    }

    private func checkIdentity(_ expectation: WorkerAttestationExpectation) throws(WorkerAttestationError) {
        guard let workerID, !workerID.isEmpty else { throw .missingWorkerID }
        let length = workerID.utf8.count
        guard length <= Self.maximumWorkerIDLength else { throw .workerIDTooLong(bytes: length) }
        if let expected = expectation.workerID, !Self.isSame(expected, workerID) {
            throw .workerIDMismatch(found: workerID)
        }
    }

    private func checkTime(
        _ expectation: WorkerAttestationExpectation,
        _ now: Int64
    ) throws(WorkerAttestationError) {
        let skew = max(expectation.clockSkew, 0)
        let (latest, earliest) = (Self.sum(now, skew), Self.sum(now, -skew))
        let begins = max(issuedAt, notBefore)
        guard begins <= latest else { throw .notYetValid(from: begins) }
        // RFC 7519, section 4.1.4: "on or after which the JWT must not be accepted".
        guard expiresAt > earliest else { throw .expired(at: expiresAt) }
        if let limit = expectation.maximumAge {
            let age = Self.sum(earliest, -max(issuedAt, -.max))
            guard age <= limit else { throw .tooOld(age: age) }
        }
    }

    private func checkNonce(_ expectation: WorkerAttestationExpectation) throws(WorkerAttestationError) {
        guard expectation.nonce != nil || expectation.requireNonce else { return }
        guard let nonce else { throw .missingNonce }
        if let expected = expectation.nonce, !Self.isSame(expected, nonce) { throw .nonceMismatch }
    }

    /// By bytes: Swift's == also takes canonically equivalent spellings for the same.
    private static func isSame(_ first: String, _ second: String) -> Bool {
        first.utf8.elementsEqual(second.utf8)
    }

    /// Their sum, or the limit that it passes.
    private static func sum(_ first: Int64, _ second: Int64) -> Int64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? (second < 0 ? .min : .max) : sum
    }
}
