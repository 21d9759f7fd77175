// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What the operations of the API do. The document of it is Fixtures/openapi/fleet.yaml.
struct FleetAPI: Sendable {
    let manager: WorkerFleetManager

    private var heartbeatSeconds: Int64 { manager.policy.deadlines.heartbeatInterval.components.seconds }

    func health() -> Response { .json(HealthReply(status: "ok")) }

    func challenge() -> Response {
        let challenge = manager.challenge()
        return .json(
            ChallengeReply(nonce: challenge.nonce, expiresAt: challenge.expires.description),
            status: .created
        )
    }

    func register(_ call: FleetCall) async throws -> Response {
        let body = try RegisterBody.read(call.body)
        let registration = try await manager.register(token: body.attestation)
        let path = "/v1/workers/" + PercentEncoding.encode(registration.worker.id)
        return .json(reply(registration), status: .created, headers: [.location: path])
    }

    func reattest(_ call: FleetCall) async throws -> Response {
        let body = try ReattestBody.read(call.body)
        return .json(reply(try await manager.reattest(call.workerID, lease: body.lease, token: body.attestation)))
    }

    func heartbeat(_ call: FleetCall) async throws -> Response {
        let body = try HeartbeatBody.read(call.body)
        let worker = try await manager.heartbeat(call.workerID, lease: body.lease, body.heartbeat())
        return .json(HeartbeatReply(state: worker.state.rawValue, heartbeatSeconds: heartbeatSeconds))
    }

    func list(_ call: FleetCall) async throws -> Response {
        let limit = Int(try call.number("limit", default: 100, in: 1...1000))
        let query = WorkerQuery(state: try call.state(), after: call.query["after"], limit: limit)
        let workers = try await manager.workers(query)
        let next = workers.count == limit ? workers.last?.id : nil
        return .json(WorkersReply(workers: workers.map(WorkerReply.init), next: next))
    }

    func show(_ call: FleetCall) async throws -> Response {
        .json(WorkerReply(try await manager.worker(call.workerID)))
    }

    func drain(_ call: FleetCall) async throws -> Response {
        .json(WorkerReply(try await manager.drain(call.workerID, note: note(call))))
    }

    func quarantine(_ call: FleetCall) async throws -> Response {
        guard let note = try note(call) else { throw ServiceError.badRequest("the member 'note' is missing") }
        return .json(WorkerReply(try await manager.quarantine(call.workerID, note: note)))
    }

    func release(_ call: FleetCall) async throws -> Response {
        .json(WorkerReply(try await manager.release(call.workerID, note: note(call))))
    }

    func snapshot() async throws -> Response {
        .json(SnapshotReply(try await manager.snapshot()))
    }

    func events(_ call: FleetCall) async throws -> Response {
        let limit = Int(try call.number("limit", default: 100, in: 1...1000))
        let before = try call.number("before", default: .max, in: 1...(.max))
        let query = EventQuery(workerID: call.query["worker"], before: before, limit: limit)
        let events = try await manager.events(query)
        let next = events.count == limit ? events.last?.sequence : nil
        return .json(EventsReply(events: events.map(EventReply.init), next: next))
    }

    private func note(_ call: FleetCall) throws(ServiceError) -> String? {
        call.body.isEmpty ? nil : try NoteBody.read(call.body).note
    }

    private func reply(_ registration: Registration) -> RegistrationReply {
        RegistrationReply(
            worker: WorkerReply(registration.worker),
            lease: registration.lease,
            heartbeatSeconds: heartbeatSeconds
        )
    }
}
