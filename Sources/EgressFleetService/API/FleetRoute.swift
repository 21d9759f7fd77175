// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// One operation of the API.
public struct FleetRoute: Sendable {
    /// `GET` or `POST`.
    public let method: String
    /// The path; `{id}` stands for a worker.
    public let path: String
    /// Whose token it needs; nil for nobody's.
    public let role: Role?
    /// The parameters of its query.
    public let query: [String]

    let handle: @Sendable (FleetAPI, FleetCall) async throws -> Response

    /// Every operation of the API.
    public static let all: [FleetRoute] = [
        FleetRoute(method: "GET", path: "/v1/health", role: nil, query: []) { api, _ in api.health() },
        FleetRoute(method: "POST", path: "/v1/challenges", role: .worker, query: []) { api, _ in api.challenge() },
        FleetRoute(method: "POST", path: "/v1/workers", role: .worker, query: []) { try await $0.register($1) },
        FleetRoute(method: "POST", path: "/v1/workers/{id}/heartbeat", role: .worker, query: []) {
            try await $0.heartbeat($1)
        },
        FleetRoute(method: "POST", path: "/v1/workers/{id}/attestation", role: .worker, query: []) {
            try await $0.reattest($1)
        },
        FleetRoute(method: "GET", path: "/v1/workers", role: .operator, query: ["state", "after", "limit"]) {
            try await $0.list($1)
        },
        FleetRoute(method: "GET", path: "/v1/workers/{id}", role: .operator, query: []) { try await $0.show($1) },
        FleetRoute(method: "POST", path: "/v1/workers/{id}/drain", role: .operator, query: []) {
            try await $0.drain($1)
        },
        FleetRoute(method: "POST", path: "/v1/workers/{id}/quarantine", role: .operator, query: []) {
            try await $0.quarantine($1)
        },
        FleetRoute(method: "POST", path: "/v1/workers/{id}/release", role: .operator, query: []) {
            try await $0.release($1)
        },
        FleetRoute(method: "GET", path: "/v1/snapshot", role: .operator, query: []) { api, _ in
            try await api.snapshot()
        },
        FleetRoute(method: "GET", path: "/v1/events", role: .operator, query: ["worker", "before", "limit"]) {
            try await $0.events($1)
        },
    ]

    /// The worker that a path names, empty if the route names none; nil if the path is not of this route.
    func match(_ segments: [String]) -> String? {
        let own = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard own.count == segments.count else { return nil }
        var workerID = ""
        for (name, segment) in zip(own, segments) {
            if name == "{id}", !segment.isEmpty {
                workerID = segment
            } else if !name.utf8.elementsEqual(segment.utf8) {
                return nil
            }
        }
        return workerID
    }
}
