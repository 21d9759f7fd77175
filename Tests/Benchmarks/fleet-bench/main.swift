// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import EgressAudit
import EgressFleet
import FleetSupport
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

// Registers workers, then sends heartbeats at the pace of a fleet whose workers each beat every ten seconds, and prints the
// times that the answers took, in milliseconds: what, count, p50, p99, the longest.
//
// usage: fleet-bench manager FILE WORKERS SECONDS
//        fleet-bench key                              a new key: its private and its public half in hex
//        fleet-bench http URL TOKEN PRIVATE WORKERS SECONDS

/// A fleet that can be called, whichever way.
protocol Target: Sendable {
    func challenge() async throws -> String
    func register(_ token: String) async throws -> String
    func beat(_ id: String, _ lease: String, _ running: Int) async throws
}

struct ManagerTarget: Target {
    let manager: WorkerFleetManager

    func challenge() -> String { manager.challenge().nonce }
    func register(_ token: String) async throws -> String { try await manager.register(token: token).lease }
    func beat(_ id: String, _ lease: String, _ running: Int) async throws {
        _ = try await manager.heartbeat(id, lease: lease, Heartbeat(running: running))
    }
}

struct HTTPTarget: Target {
    let url: String
    let token: String
    let client: HTTPClient

    func challenge() async throws -> String { try await send("/v1/challenges", "", "nonce") }
    func register(_ token: String) async throws -> String {
        try await send("/v1/workers", #"{"attestation":"\#(token)"}"#, "lease")
    }
    func beat(_ id: String, _ lease: String, _ running: Int) async throws {
        _ = try await send("/v1/workers/\(id)/heartbeat", #"{"lease":"\#(lease)","running":\#(running)}"#, "state")
    }

    /// The text of a member of the answer.
    private func send(_ path: String, _ body: String, _ member: String) async throws -> String {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer " + token)
        request.headers.add(name: "Content-Type", value: "application/json")
        if !body.isEmpty { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(30))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        guard let start = text.firstRange(of: "\"\(member)\":\"")?.upperBound else { throw BenchError(text) }
        return String(text[start...].prefix { $0 != "\"" })
    }
}

struct BenchError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// The times that calls took, in nanoseconds.
final class Times: Sendable {
    private let all = Mutex<[UInt64]>([])

    func measure(_ body: () async throws -> Void) async rethrows {
        let began = ContinuousClock.now
        try await body()
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        all.withLock { $0.append(UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000) }
    }

    func print(_ name: String) {
        let sorted = all.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return }
        let at = { (share: Double) in sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
        let shown = [at(0.5), at(0.99), at(1)].map { String(Double($0 / 10_000) / 100) }
        Swift.print(([name, String(sorted.count)] + shown).joined(separator: "\t"))
    }
}

/// Registers the workers as fast as it goes, four at once; their leases.
func register(_ target: some Target, _ signer: StatementSigner, _ count: Int) async throws -> [String] {
    let times = Times()
    let lanes = 4
    let leases = try await withThrowingTaskGroup(of: [(Int, String)].self) { group in
        for lane in 0..<lanes {
            group.addTask {
                var own: [(Int, String)] = []
                for number in stride(from: lane, to: count, by: lanes) {
                    let nonce = try await target.challenge()
                    let seconds = Int64(Timestamp.now().milliseconds / 1000)
                    let token = try signer.token(Statement(workerID: "worker-\(number)", at: seconds, nonce: nonce))
                    try await times.measure { own.append((number, try await target.register(token))) }
                }
                return own
            }
        }
        return try await group.reduce(into: [String](repeating: "", count: count)) { leases, own in
            for (number, lease) in own { leases[number] = lease }
        }
    }
    times.print("register")
    return leases
}

/// Beats for all workers in turn, a tenth of them a second, each at its own moment whether or not those before it were
/// answered: a slow answer delays nobody and counts in full.
func beat(_ target: some Target, _ leases: [String], seconds: Int) async throws {
    let times = Times()
    let pause = Duration.seconds(10) / leases.count
    let began = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<(leases.count * seconds / 10) {
            let id = number % leases.count
            try await Task.sleep(until: began + pause * number, clock: .continuous)
            group.addTask { try await times.measure { try await target.beat("worker-\(id)", leases[id], number % 5) } }
        }
        try await group.waitForAll()
    }
    times.print("heartbeat")
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "manager" where arguments.count == 4:
    let signer = StatementSigner()
    let store = try SQLiteWorkerStore(path: arguments[1])
    let manager = WorkerFleetManager(policy: WorkerFleetPolicy(), trust: signer.trust, store: store)
    let target = ManagerTarget(manager: manager)
    let leases = try await register(target, signer, Int(arguments[2]) ?? 0)
    try await beat(target, leases, seconds: Int(arguments[3]) ?? 0)
case "key":
    let signer = StatementSigner()
    print(hex(signer.privateKey), hex(signer.publicKey))
case "http" where arguments.count == 6:
    guard let signer = StatementSigner(privateKey: bytes(arguments[3])) else { throw BenchError("no key") }
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    let target = HTTPTarget(url: arguments[1], token: arguments[2], client: client)
    let leases = try await register(target, signer, Int(arguments[4]) ?? 0)
    try await beat(target, leases, seconds: Int(arguments[5]) ?? 0)
    try await client.shutdown().get()
default:
    throw BenchError("usage: see the source")
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
