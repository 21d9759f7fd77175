// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import EgressPolicyFile
import FleetSupport
import Glibc
import Testing

struct WorkerFleetPolicyTests {
    /// The policy of a text; its error as one line, without the folder.
    private func read(_ text: String) throws(PolicyFileError) -> WorkerFleetPolicy {
        let folder = ScratchFolder()
        let path = folder.path + "/fleet.yaml"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        do throws(PolicyFileError) {
            return try WorkerFleetPolicy.load(path: path)
        } catch {
            var shown = error
            shown.file = "FLEET.yaml"
            throw shown
        }
    }

    @Test func `every key is read`() throws {
        let policy = try read(
            """
            version: 1
            require:
              egress_proxy: false
              isolation: preload
              nonce: false
              digests:
                policy: ["sha256:\(String(repeating: "a", count: 64))", "sha256:\(String(repeating: "b", count: 64))"]
            attestation: { maximum_age: 5m, clock_skew: 0s, lifetime: 2d }
            heartbeat: { interval: 5s, stale_after: 15s, offline_after: 1m, forget_after: 1h }
            limits:
              workers: 1
              events: 2
              used_tokens: 3
              requests_per_second: 4
              burst: 5
              connections: 6
            """
        )
        var expected = WorkerFleetPolicy()
        expected.requireEgressProxy = false
        expected.minimumIsolation = .preload
        expected.requireNonce = false
        expected.digests[.policy] = [try AdmissionTests.digest("a"), try AdmissionTests.digest("b")]
        expected.maximumAge = .seconds(300)
        expected.clockSkew = .zero
        expected.deadlines = Deadlines(
            heartbeatInterval: .seconds(5),
            staleAfter: .seconds(15),
            offlineAfter: .seconds(60),
            attestationLifetime: .seconds(2 * 86_400)
        )
        expected.forgetAfter = .seconds(3600)
        expected.limits = StoreLimits(workers: 1, events: 2, uses: 3)
        expected.requests = RequestLimits(perSecond: 4, burst: 5, connections: 6)
        #expect(policy == expected)
    }

    @Test func `what is left out requires the most`() throws {
        let policy = try read("version: 1")
        #expect(policy == WorkerFleetPolicy())
        #expect(policy.requireEgressProxy && policy.requireNonce && policy.minimumIsolation == .netns)
    }

    @Test(arguments: [
        ("", "FLEET.yaml: the file is empty"),
        ("require: {}", "FLEET.yaml:1:1: the key 'version' is missing (write 'version: 1')"),
        ("version: 2", "FLEET.yaml:1:10: 'version' must be 1, not '2'"),
        ("version: 1\nheartbeats: {}", "FLEET.yaml:2:1: unknown key 'heartbeats' (did you mean 'heartbeat'?)"),
        ("version: 1\nrequire: { egress_proxy: yes }", "must be true or false"),
        ("version: 1\nrequire: { isolation: vm }", "unknown isolation 'vm' (netns or preload)"),
        ("version: 1\nrequire: { isolation: preload }", "'isolation: preload' binds no egress"),
        ("version: 1\nrequire: { digests: { policy: [] } }", "'policy' is an empty list"),
        ("version: 1\nrequire: { digests: { policy: [abc] } }", "no digest: 'abc'"),
        ("version: 1\nheartbeat: { interval: 30 }", "is no length of time: '30'"),
        ("version: 1\nheartbeat: { interval: 9999999999999999999d }", "is no length of time"),
        ("version: 1\nheartbeat: { interval: 0s }", "must be 1s to"),
        ("version: 1\nheartbeat: { stale_after: 10s }", "the times of 'heartbeat' are not in order"),
        ("version: 1\nheartbeat: { offline_after: 30s }", "the times of 'heartbeat' are not in order"),
        ("version: 1\nlimits: { workers: 0 }", "'workers' must be 1 to 10000000, not '0'"),
        ("version: 1\nlimits: { workers: 10000001 }", "not '10000001'"),
        ("version: 1\nversion: 1", "the key 'version' is given twice"),
    ])
    func `what is wrong is told with its place`(text: String, message: String) {
        let error = #expect(throws: PolicyFileError.self) { try read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
