// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

/// The plan as a value: what will be done, in which order.
struct SandboxPlanTests {
    private func plan(
        _ ipv6: PrivateNetwork.IPv6,
        loopback: [HostLoopbackPort] = [],
        coreDumps: CoreDumps = .file
    ) throws -> SandboxPlan {
        var files = PrivateFiles(contents: [], hidden: [])
        // What exists differs between machines.
        files.contents = [("/etc/resolv.conf", [1]), ("/etc/hosts", [2]), ("/etc/nsswitch.conf", [3])]
        files.covered = ["/proc/kcore", "/proc/keys", "/var/log/audit.jsonl"]
        files.readOnly = ["/proc/sys", "/proc/sysrq-trigger"]
        let command = CommandPlan(
            candidates: ["/usr/bin/true", "/bin/true"],
            arguments: [Array("true".utf8)],
            environment: [],
            terminal: -1,
            capabilities: 0
        )
        let identity = Identity(userMap: "1 1 1\n", groupMap: "1 1 1\n", deniesSetgroups: true, capabilities: 0)
        return try SandboxPlan(
            command: command,
            identity: identity,
            ipv6: ipv6,
            loopback: loopback,
            files: files,
            landlock: 7,
            coreDumps: coreDumps
        )
    }

    private static let loopback = [
        HostLoopbackPort(address: [127, 0, 0, 1], port: 5432, protocolNumber: Int32(IPPROTO_TCP)),
        HostLoopbackPort(address: [127, 0, 0, 1], port: 8125, protocolNumber: Int32(IPPROTO_UDP)),
        HostLoopbackPort(
            address: [UInt8](repeating: 0, count: 15) + [1],
            port: 5432,
            protocolNumber: Int32(IPPROTO_TCP)
        ),
    ]

    @Test(arguments: [
        ("ipv4", PrivateNetwork.IPv6.absent, []), ("both", .global, []), ("loopback", .uniqueLocal, loopback),
    ])
    func `the plan is as it was read last`(_ name: String, _ ipv6: PrivateNetwork.IPv6, _ ports: [HostLoopbackPort])
        throws
    {
        let path =
            String(#filePath.dropLast("/Tests/EgressSandboxTests/SandboxPlanTests.swift".count))
            + "/Fixtures/sandbox/plan-\(name).txt"
        let expected = try #require(contents(ofFile: path)).split(separator: 10, omittingEmptySubsequences: false)
        let lines = try plan(ipv6, loopback: ports).description.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.map(String.init) == expected.map { String(decoding: $0, as: UTF8.self) })
    }

    @Test func `without IPv6 nothing of it is made`() throws {
        let plan = try plan(.absent)
        #expect(!plan.description.contains("IPv6"))
        #expect(plan.relaySockets.allSatisfy { $0.domain == AF_INET })
        #expect(plan.listeners.count == 1)
    }

    @Test func `no socket is left open for the worker to reach but those of R`() throws {
        // One for sock_diag, which sends nothing
        #expect(try plan(.global).workerSockets.map(\.domain) == [AF_NETLINK])
        let plan = try plan(.global, loopback: Self.loopback)
        // And two families of three, and one for each port
        #expect(plan.workerSockets.count == 1 + 2 * 3 + 3)
        #expect(plan.workerSockets.count <= 64, "EGRESS_MAX_SOCKETS")
    }

    /// A listener without the filter would take a SYN that nobody judged.
    @Test func `every listener but the resolver's holds its SYNs`() throws {
        let plan = try plan(.global, loopback: Self.loopback)
        let listening = (plan.relaySockets + plan.listeners + plan.workerSockets).filter { $0.backlog > 0 }
        for socket in listening where !socket.what.contains("port 53 of R") {
            let filters = socket.options.compactMap { option -> [BPFProgram.Instruction]? in
                if case .filter(let program) = option { return program }
                return nil
            }
            #expect(filters == [PacketFilters.hold(socket.domain == AF_INET ? .ipv4 : .ipv6)], "\(socket.what)")
        }
        #expect(listening.count == 2 + 2 + 2)
    }

    @Test func `the filter is the table's`() throws {
        #expect(try plan(.absent).filter == compileSyscallFilter(SyscallFilter.rules))
    }

    @Test func `where core dumps go to a program, none is made, and the limit stays`() throws {
        let plan = try plan(.absent, coreDumps: .pipe)
        #expect(plan.description.contains("core dumps: none (RLIMIT_CORE is 1)\n"))
        let rules = SyscallFilter.rules(unixDatagrams: false, keepsCoreLimit: true)
        #expect(try plan.filter == compileSyscallFilter(rules))
    }

    @Test func `where core dumps go to a socket, which no limit forbids, no command is held`() {
        #expect(throws: CoreDumps.cannotBeHeld) { _ = try self.plan(.absent, coreDumps: .socket) }
        #expect(Advice.about(CoreDumps.cannotBeHeld)?.contains("kernel.core_pattern=core") == true)
    }

    @Test func `private files are put in place before the new /proc hides where they are`() throws {
        let steps = try plan(.absent).mounts.map(\.what)
        let proc = try #require(steps.firstIndex(of: "mounting a new /proc"))
        for name in ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"] {
            #expect(try #require(steps.firstIndex(of: "making \(name) read-only")) < proc)
        }
        for name in ["/proc/kcore", "/var/log/audit.jsonl"] {
            #expect(try #require(steps.firstIndex(of: "covering \(name)")) > proc)
        }
        let ours = try #require(steps.firstIndex(of: "forbidding user namespaces inside"))
        #expect(ours < (try #require(steps.firstIndex(of: "making /proc/sys read-only"))))
        #expect(steps.last == "making /sys read-only")
    }

    @Test func `files that are not there are neither covered nor made read-only`() {
        let files = PrivateFiles(
            contents: [("/no/such/file", []), ("/etc", [1])],
            hidden: ["/no/such/audit", "/dev/null"]
        )
        #expect(files.contents.map(\.path) == ["/etc"])
        #expect(files.covered.contains("/dev/null"))
        #expect(!files.covered.contains("/no/such/audit"))
        #expect(files.readOnly.contains("/proc/sys"))
    }

    @Test func `every step names itself for its error`() throws {
        let plan = try plan(.global, loopback: Self.loopback)
        let names =
            (plan.relayBefore + plan.relay + plan.mounts + plan.worker).map(\.what)
            + (plan.relaySockets + plan.listeners + plan.workerSockets).map(\.what)
        // struct egress_report has room for 119 bytes.
        for name in names { #expect(!name.isEmpty && name.utf8.count < 120, "\(name)") }
    }
}
