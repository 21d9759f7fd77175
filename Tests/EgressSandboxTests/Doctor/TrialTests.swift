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

    // In a process of its own, where nobody else opens such descriptors or has children.
    @Test func `a trial leaves no descriptor and no process behind`() async {
        await #expect(processExitsWith: .success) {
            let before = ownDescriptors()
            let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            if ownDescriptors().count != before.count + 1 { exit(10) }  // the probe does not see a descriptor
            close(probe)
            for _ in 0..<3 { _ = Trial.run() }
            let left = ownDescriptors().subtracting(before)
            // 20 for a socket, 21 for anything else
            if let first = left.first { exit(first.hasPrefix("socket:") ? 20 : 21) }
            if waitpid(-1, nil, WNOHANG) != -1 || errno != ECHILD { exit(30) }  // a process was left running
            exit(EXIT_SUCCESS)
        }
    }
}

/// The sockets, pidfds, listeners and memory files that are open: all that a trial opens for longer than a call. The test
/// runner opens none; files, pipes, and what its threads wait with (epoll, timers, eventfds) are its own.
private func ownDescriptors() -> Set<String> {
    guard let folder = unsafe opendir("/proc/self/fd") else { return [] }
    defer { unsafe closedir(folder) }
    var found: Set<String> = []
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        var link = [CChar](repeating: 0, count: 256)
        guard unsafe readlink("/proc/self/fd/\(name)", &link, 255) > 0 else { continue }
        let target = String(decoding: link.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let kinds = ["socket:", "anon_inode:[pidfd]", "pidfd:", "anon_inode:seccomp", "/memfd:"]
        if kinds.contains(where: target.hasPrefix) { found.insert(target + " " + name) }
    }
    return found
}
