// SPDX-License-Identifier: Apache-2.0

extension FleetError: CustomStringConvertible {
    /// A stable name for programs, such as `quarantined`; for an attestation that of its error.
    public var code: String {
        switch self {
        case .attestation(let error): error.code
        case .unknownNonce: "unknown_nonce"
        case .replayed: "replayed"
        case .unknownWorker: "unknown_worker"
        case .leaseRefused: "lease_refused"
        case .attestationNeeded: "attestation_needed"
        case .quarantined: "quarantined"
        case .illegalTransition: "illegal_transition"
        case .invalid: "invalid_request"
        case .limitReached: "limit_reached"
        case .busy: "busy"
        case .store: "internal_error"
        }
    }

    /// A sentence for people, without a full stop. What it quotes of a token may hold any character.
    public var description: String {
        switch self {
        case .attestation(let error): error.description
        case .unknownNonce: "the nonce was not given out by this registry, or too long ago; ask for a new one"
        case .replayed: "this attestation, or another with its nonce, was presented before"
        case .unknownWorker: "no worker of this id is registered"
        case .leaseRefused: "the lease is not that of the worker's last attestation"
        case .attestationNeeded(let state):
            "the worker is \(state.rawValue) and must register with a fresh attestation"
        case .quarantined: "an operator has shut the worker out"
        case .illegalTransition(let step):
            "a worker that is \(step.state.rawValue) can't \(step.signal.rawValue.split(separator: "_").joined(separator: " "))"
        case .invalid(let what): what
        case .limitReached(let what): "the table of \(what) is full"
        case .busy: "too much is going on; try again in a moment"
        case .store: "the registry's store does not work; its log says why"
        }
    }
}
