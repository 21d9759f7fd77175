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
            let before = ownDescriptors()
            let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            precondition(ownDescriptors() == before + 1, "the probe does not see a descriptor")
            close(probe)
            for _ in 0..<3 { _ = Trial.run() }
            precondition(ownDescriptors() == before, "a descriptor was left open")
            precondition(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD, "a process was left running")
        }
        let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(said.isEmpty)
    }
}

/// How many sockets, pidfds, listeners and the like are open: all that a trial opens for longer than a call. Files and pipes
/// are the test runner's own, which it opens and closes when it likes.
private func ownDescriptors() -> Int {
    guard let folder = unsafe opendir("/proc/self/fd") else { return -1 }
    defer { unsafe closedir(folder) }
    var count = 0
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        var link = [CChar](repeating: 0, count: 256)
        guard unsafe readlink("/proc/self/fd/\(name)", &link, 255) > 0 else { continue }
        let target = String(decoding: link.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if target.hasPrefix("socket:") || target.hasPrefix("anon_inode:") || target.hasPrefix("/memfd:") { count += 1 }
    }
    return count
}
