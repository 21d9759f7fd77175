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
        files.covered = ["/proc/kcore", "/proc/keys"]
        files.readOnly = ["/proc/sys", "/proc/sysrq-trigger"]
        files.hidden = [HiddenFile(path: "/var/log/audit.jsonl", mount: 25)]
        var devices = PrivateDevices(nodes: ["/dev/null", "/dev/tty"])
        devices.bound.append(PrivateDevices.Bound(path: "/dev/dri", source: "/dev/dri", isDirectory: true))
        devices.terminals = [PrivateDevices.PseudoTerminal(source: "/dev/pts/3", index: 3)]
        let table = try MountTable(Array(Self.mounts.utf8))
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
            devices: devices,
            mounts: MachineMounts(table, KernelMounts(table) { _ in .directory }, .entered("/dev/shm")),
            landlock: 7,
            coreDumps: coreDumps
        )
    }

    private static let mounts = """
        25 1 254:0 / / rw - ext4 /dev/vda rw
        21 25 0:20 / /proc rw - proc proc rw
        23 25 0:22 / /sys rw - sysfs sysfs rw
        24 25 0:24 / /dev rw - devtmpfs devtmpfs rw
        26 24 0:25 / /dev/mqueue rw - mqueue mqueue rw
        27 25 0:26 / /home rw - autofs /etc/auto.home rw
        28 27 0:27 / /home/far/alice rw - nfs4 server:/alice rw
        29 25 0:28 / /net rw - autofs /etc/auto.net rw
        30 25 0:29 / /srv/proc rw - proc proc rw
        """

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
            #expect(try #require(steps.firstIndex(of: "covering \(name)")) < proc)
        }
        for name in ["/proc/kcore", "/var/log/audit.jsonl"] {
            #expect(try #require(steps.firstIndex(of: "covering \(name)")) > proc)
        }
        let ours = try #require(steps.firstIndex(of: "forbidding user namespaces inside"))
        #expect(ours < (try #require(steps.firstIndex(of: "keeping /proc/sys read-only"))))
        #expect(steps.last == "entering the working directory again, which is hidden from the command")
    }

    @Test func `nothing of the machine's comes after, and devices are opened in /dev alone`() throws {
        guard case .mountAttributes(_, "/", let attributes) = try #require(try plan(.absent).mounts.first) else {
            Issue.record("the first step is another one")
            return
        }
        #expect(attributes.isRecursive && attributes.propagation == 1 << 18, "MS_PRIVATE")
        #expect(attributes.set == 4, "MOUNT_ATTR_NODEV")
        let cleared = try plan(.absent).mounts.compactMap { step -> BytePath? in
            if case .mountAttributes(_, let path, let attributes) = step, attributes.clear & 4 != 0 { return path }
            return nil
        }
        #expect(cleared == ["/proc/dev", "/proc/dev/pts/3"])
    }

    @Test func `a plan of this machine says first whether its mounts are still those that were judged`() throws {
        let command = CommandPlan(candidates: [], arguments: [], environment: [], terminal: -1, capabilities: 0)
        let plan = try SandboxPlan(command: command, loopback: [], files: PrivateFiles(contents: []))
        guard case .unchanged = plan.mounts[1] else {
            Issue.record("no such step: \(plan)")
            return
        }
    }

    @Test(arguments: [
        ("0 0 4294967295\n", ",gid=5"), ("0 0 5\n", ""), ("1000 1000 1\n", ""), ("0 0 5\n5 5 1\n", ",gid=5"),
    ])
    func `terminals belong to group tty where there is one`(_ map: String, _ option: String) {
        let identity = Identity(userMap: "", groupMap: map, deniesSetgroups: false, capabilities: 0)
        let steps = SandboxPlan.deviceSteps(PrivateDevices(nodes: []), hasQueues: false, identity)
        let options = steps.compactMap { step -> String? in
            if case .mount(_, _, _, "devpts", _, let options) = step { return options }
            return nil
        }
        #expect(options == ["newinstance,ptmxmode=0666,mode=0620" + option])
    }

    @Test func `files that are not there are neither covered nor made read-only`() {
        let files = PrivateFiles(contents: [("/no/such/file", []), ("/etc", [1])])
        #expect(files.contents.map(\.path) == ["/etc"])
        #expect(!files.covered.contains { $0.hasPrefix("/dev/") }, "our /dev does not have it")
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
