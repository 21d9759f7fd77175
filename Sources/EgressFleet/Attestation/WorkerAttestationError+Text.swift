// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

extension WorkerAttestationError: CustomStringConvertible {
    /// A stable name for programs: `missing_egress_proxy_binding`.
    public var code: String {
        switch self {
        case .tokenTooLarge: "token_too_large"
        case .malformed: "malformed_token"
        case .duplicateName: "duplicate_name"
        case .unsupportedAlgorithm: "unsupported_algorithm"
        case .unknownKey: "unknown_key"
        case .invalidSignature: "invalid_signature"
        case .unsupportedProfile: "unsupported_profile"
        case .missingClaim: "missing_claim"
        case .invalidClaim: "invalid_claim"
        case .wrongStatement: "wrong_statement"
        case .missingWorkerID: "missing_worker_id"
        case .workerIDTooLong: "worker_id_too_long"
        case .workerIDMismatch: "worker_id_mismatch"
        case .notYetValid: "not_yet_valid"
        case .expired: "expired"
        case .tooOld: "too_old"
        case .missingEgressProxyBinding: "missing_egress_proxy_binding"
        case .isolationTooLow: "isolation_too_low"
        case .digestMismatch: "digest_mismatch"
        case .missingNonce: "missing_nonce"
        case .nonceMismatch: "nonce_mismatch"
        case .replayed: "replayed"
        case .replayGuardFull: "replay_guard_full"
        }
    }

    /// The claim that is at fault, where it is one of several: "policy", "egress_run.seccomp.mode"; else nil.
    public var field: String? {
        switch self {
        case .missingClaim(let field), .invalidClaim(let field), .digestMismatch(let field, _): field
        default: nil
        }
    }

    /// A sentence for people, without a full stop. What it quotes of the token may hold any character.
    public var description: String {
        switch self {
        case .tokenTooLarge(let bytes):
            "the token has \(bytes) bytes, and at most \(WorkerAttestation.maximumTokenLength) are read"
        case .malformed(let what): "this is no attestation token: \(what)"
        case .duplicateName(let name): "'\(name)' stands twice in one object of the token"
        case .unsupportedAlgorithm(let name): "the signature's algorithm is '\(name)', and only EdDSA is accepted"
        case .unknownKey(let key): key.isEmpty ? "the token names no key" : "no trusted key has the identifier '\(key)'"
        case .invalidSignature: "the signature is not that of the key over this token"
        case .unsupportedProfile(let profile): "the token is a statement of another profile: '\(profile)'"
        case .missingClaim(let name): "the claim '\(name)' is missing"
        case .invalidClaim(let name): "the claim '\(name)' has a value that it can't have"
        case .wrongStatement(let kind): "this is the statement of the \(kind) of a run, and the other is wanted"
        case .missingWorkerID: "the attestation names no worker (give egress-run --worker-id)"
        case .workerIDTooLong(let bytes):
            "the worker's name has \(bytes) bytes, and \(WorkerAttestation.maximumWorkerIDLength) are allowed"
        case .workerIDMismatch(let found): "the attestation is about the worker '\(found)'"
        case .notYetValid(let from): "the attestation is valid only from \(from) on (seconds since 1970)"
        case .expired(let moment): "the attestation expired at \(moment) (seconds since 1970)"
        case .tooOld(let age): "the attestation was issued \(age) seconds ago"
        case .missingEgressProxyBinding(let what): "nothing shows that the worker's traffic is held: \(what) is missing"
        case .isolationTooLow(let required, let found):
            "the isolation is '\(found.rawValue)', and '\(required.rawValue)' is required"
        case .digestMismatch(let field, let found):
            "the \(field) digest " + (found.map { "is \($0), and another is expected" } ?? "is missing")
        case .missingNonce: "the attestation answers no challenge (give egress-run --attest-nonce)"
        case .nonceMismatch: "the attestation answers another challenge"
        case .replayed: "this attestation, or another with its nonce, was accepted before"
        case .replayGuardFull: "too many attestations are remembered to tell a new one from a replay"
        }
    }
}
