// SPDX-License-Identifier: Apache-2.0

/// Why the fleet manager did not do what was asked. Nothing was changed, unless it is `store`.
public enum FleetError: Error, Equatable, Sendable {
    /// The worker's attestation is not accepted.
    case attestation(WorkerAttestationError)
    /// The attestation's nonce was not given out by this registry, or too long ago.
    case unknownNonce
    /// The token, or one with its nonce, was presented before.
    case replayed
    /// No worker of this id is registered.
    case unknownWorker
    /// The lease is not that of the worker's last registration.
    case leaseRefused
    /// The worker must present a fresh attestation before anything else.
    case attestationNeeded(WorkerState)
    /// An operator shut the worker out.
    case quarantined
    /// What was asked has no meaning in the worker's state.
    case illegalTransition(IllegalTransition)
    /// A value that was given can't be; which, and what it must be.
    case invalid(String)
    /// A table is full.
    case limitReached(String)
    /// Too much is going on; the same may succeed a moment later.
    case busy
    /// The store does not work; the text is for the log and not for callers.
    case store(String)

    init(_ error: WorkerStoreError) {
        switch error {
        case .conflict, .busy: self = .busy
        case .replayed: self = .replayed
        case .full(let what): self = .limitReached(what)
        case .failed(let text): self = .store(text)
        }
    }
}
