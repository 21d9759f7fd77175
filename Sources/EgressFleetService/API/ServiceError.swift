// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import HTTPTypes

/// A request that is not answered as its caller wished.
struct ServiceError: Error {
    var status: HTTPResponse.Status
    /// A stable name for programs.
    var reason: String
    /// A sentence for people, without a full stop.
    var message: String
    var headers: HTTPFields = [:]

    static func badRequest(_ message: String) -> ServiceError {
        ServiceError(status: .badRequest, reason: "invalid_request", message: message)
    }

    static let notFound = ServiceError(status: .notFound, reason: "not_found", message: "there is nothing of this name")

    static let unauthorized = ServiceError(
        status: .unauthorized,
        reason: "unauthorized",
        message: "send 'Authorization: Bearer TOKEN' with a token of this service",
        headers: [.wwwAuthenticate: "Bearer"]
    )

    static func forbidden(_ role: Role) -> ServiceError {
        let message = "this needs the token of \(role == .operator ? "an operator" : "a worker")"
        return ServiceError(status: .forbidden, reason: "forbidden", message: message)
    }

    static let tooLarge = ServiceError(
        status: .contentTooLarge,
        reason: "body_too_large",
        message: "a request has at most \(FleetResponder.maximumBody) bytes",
        headers: [.connection: "close"]
    )

    static func tooMany(_ seconds: Int) -> ServiceError {
        ServiceError(
            status: .tooManyRequests,
            reason: "rate_limited",
            message: "too many requests; try again in \(seconds) s",
            headers: [.retryAfter: String(seconds)]
        )
    }
}

extension ServiceError {
    /// What a caller is told of a refusal.
    init(_ error: FleetError) {
        let status: HTTPResponse.Status =
            switch error {
            case .attestation(.malformed), .attestation(.tokenTooLarge), .attestation(.duplicateName), .invalid:
                .badRequest
            case .attestation, .unknownNonce, .leaseRefused, .quarantined: .forbidden
            case .replayed, .attestationNeeded, .illegalTransition: .conflict
            case .unknownWorker: .notFound
            case .limitReached, .busy: .serviceUnavailable
            case .store: .internalServerError
            }
        self.init(status: status, reason: error.code, message: error.description)
        if status == .serviceUnavailable { headers[.retryAfter] = "1" }
    }
}
