// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet
import FleetSupport
import Glibc

// Registers workers and beats for them through a manager on a SQLite file, from several tasks, and writes a line for each
// answer that it got: "ID VERSION". It goes on until it is killed, or for a minute.
// usage: fleet-writer FILE

/// One write for a line, with no buffer that would die with the process.
@Sendable func say(_ id: String, _ version: Int64) {
    let line = Array("\(id) \(version)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
}

let store = try SQLiteWorkerStore(path: CommandLine.arguments[1])
let signer = StatementSigner()
var policy = WorkerFleetPolicy()
policy.requireNonce = false
let manager = WorkerFleetManager(policy: policy, trust: signer.trust, store: store)
alarm(60)

try await withThrowingTaskGroup(of: Void.self) { group in
    for lane in 0..<8 {
        group.addTask {
            for number in 0..<1_000_000 {
                let id = "w-\(lane)-\(number)"
                let seconds = Int64(Timestamp.now().milliseconds / 1000)
                let token = try signer.token(Statement(workerID: id, at: seconds))
                let registration = try await manager.register(token: token)
                say(id, registration.worker.version)
                for running in 1...3 {
                    let beat = Heartbeat(running: running)
                    say(id, try await manager.heartbeat(id, lease: registration.lease, beat).version)
                }
            }
        }
    }
    try await group.waitForAll()
}
