// SPDX-License-Identifier: Apache-2.0

public import EgressEvidence

/// Why an attestation is not accepted.
public enum WorkerAttestationError: Error, Equatable, Sendable {
    /// It is longer than `WorkerAttestation.maximumTokenLength`.
    case tokenTooLarge(bytes: Int)
    /// It is no compact JWS (RFC 7515, section 7.1) with a JSON object inside; what is wrong with it.
    case malformed(String)
    /// A name stands twice in one object (RFC 7519, section 4, lets us refuse that).
    case duplicateName(String)
    /// The header names another algorithm than EdDSA: `none`, HS256, ...
    case unsupportedAlgorithm(String)
    /// The header has no key identifier, or one that no trusted key has.
    case unknownKey(String)
    /// The signature is not that of the named key over these bytes.
    case invalidSignature
    /// It is signed, and is a statement of another profile than ours.
    case unsupportedProfile(String)
    /// A claim that every attestation has is missing.
    case missingClaim(String)
    /// A claim has a value that it can't have.
    case invalidClaim(String)
    /// It is a statement of another kind: of the end of a run where one of its beginning is wanted, or the reverse.
    case wrongStatement(String)
    /// It names no worker.
    case missingWorkerID
    /// The worker's name is longer than `WorkerAttestation.maximumWorkerIDLength` bytes.
    case workerIDTooLong(bytes: Int)
    /// It is about another worker.
    case workerIDMismatch(found: String)
    /// It begins to be valid, or was issued, later than now.
    case notYetValid(from: Int64)
    /// It was valid until this moment.
    case expired(at: Int64)
    /// It was issued too long ago, whatever it says of its own expiry.
    case tooOld(age: Int64)
    /// Nothing shows that all of the worker's traffic goes through the gate: the level is only `preload`, or a measurement
    /// of what makes the binding is missing or says otherwise. What is missing.
    case missingEgressProxyBinding(String)
    /// The worker is held less firmly than required.
    case isolationTooLow(required: IsolationLevel, found: IsolationLevel)
    /// A digest is missing or differs: `policy`, `launcher`, `executable`, `image`, `build` or `artifact`.
    case digestMismatch(field: String, found: Digest?)
    /// A nonce was required, and there is none.
    case missingNonce
    /// It answers another challenge.
    case nonceMismatch
    /// The same statement, or another with the same nonce, was accepted before.
    case replayed
    /// Too many statements that are still valid are remembered: none can be told from a replay.
    case replayGuardFull
}
