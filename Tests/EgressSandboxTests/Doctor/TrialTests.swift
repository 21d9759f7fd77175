// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

@Suite struct TrialTests {
    @Test func `every step of the plan belongs to the part that it makes`() throws {
        let command = CommandPlan(candidates: [], arguments: [], environment: [], terminal: -1, capabilities: 0)
        let plan = try SandboxPlan(
            command: command,
            ipv6: .global,
            loopback: [HostLoopbackPort(address: [127, 0, 0, 1], port: 80, protocolNumber: 6)],
            files: PrivateFiles(contents: [("/etc/hosts", [])])
        )
        func parts(_ stages: [String]) -> Set<Trial.Part> { Set(stages.map { Trial.part(of: $0, in: plan) }) }
        #expect(parts(plan.mounts.map(\.what)) == [.mounts])
        #expect(parts(plan.relay.map(\.what)) == [.link, .routingRules])
        #expect(parts(plan.worker.map(\.what)) == [.link])
        #expect(parts(plan.relaySockets.map(\.what) + plan.workerSockets.map(\.what)) == [.rawSockets])
        #expect(
            parts(["cloning the agent into new user and network namespaces", "opening '/proc/7/uid_map'"]) == [
                .namespaces
            ]
        )
        #expect(parts(["loading the seccomp filter", "dropping capabilities"]) == [.command])
    }

    // In a process of its own, where nobody else opens descriptors or has children.
    @Test func `a trial leaves no descriptor and no process behind`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let before = openDescriptors()
            let probe = unsafe open("/dev/null", O_RDONLY)
            precondition(openDescriptors() == before + 1, "the probe does not see a descriptor")
            close(probe)
            for _ in 0..<3 { _ = Trial.run() }
            precondition(openDescriptors() == before, "a descriptor was left open")
            precondition(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD, "a process was left running")
        }
        let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(said.isEmpty)
    }
}

private func openDescriptors() -> Int {
    guard let folder = unsafe opendir("/proc/self/fd") else { return -1 }
    defer { unsafe closedir(folder) }
    var count = 0
    while unsafe readdir(folder) != nil { count += 1 }
    return count
}
