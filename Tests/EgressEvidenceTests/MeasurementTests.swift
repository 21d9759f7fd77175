// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressEvidence

private let harmless: UInt64 = 0x8004_04ff

private struct Row: Sendable, CustomTestStringConvertible {
    let title: String
    let change: @Sendable (inout Measurement) -> Void
    let message: String

    var testDescription: String { title }
}

private func link(_ name: String, _ kind: String, up: Bool = true, peer: String? = nil) -> NetworkLink {
    NetworkLink(index: 1, name: name, kind: kind, isUp: up, peer: peer)
}

private let contradictions = [
    Row(title: "the host's network", change: { $0.worker.inodes["net"] = 21 }, message: "net namespace"),
    Row(title: "the host's users", change: { $0.worker.inodes["user"] = 26 }, message: "user namespace"),
    Row(title: "a relay in the host", change: { $0.relayNetwork = 21 }, message: "the relay has no"),
    Row(title: "a relay in the worker", change: { $0.relayNetwork = 11 }, message: "the relay has no"),
    Row(title: "no relay", change: { $0.relayNetwork = 0 }, message: "the relay has no"),
    Row(
        title: "a second link of the relay's",
        change: { $0.relayLinks.append(link("eth1", "")) },
        message: "the links of the relay are worker (veth), eth1 ()"
    ),
    Row(
        title: "a second link of the command's",
        change: { $0.workerLinks.append(link("tun0", "tun")) },
        message: "the links of the command are eth0 (veth), tun0 (tun)"
    ),
    Row(title: "no link", change: { $0.relayLinks = [] }, message: "the links of the relay are none"),
    Row(
        title: "a link to elsewhere",
        change: { $0.relayLinks = [link("worker", "veth", peer: "unknown")] },
        message: "the links of the relay"
    ),
    Row(title: "no filter", change: { $0.status.seccompMode = 0 }, message: "its seccomp mode is 0"),
    Row(
        title: "only egress-run's filters",
        change: { $0.status.seccompFilters = 1 },
        message: "it has 1 seccomp filters"
    ),
    Row(title: "no no_new_privs", change: { $0.status.noNewPrivileges = false }, message: "no_new_privs"),
    Row(title: "a permitted capability", change: { $0.status.permitted |= 1 << 12 }, message: "capabilities"),
    Row(title: "an effective capability", change: { $0.status.effective |= 1 << 21 }, message: "capabilities"),
    Row(title: "a bounding capability", change: { $0.status.bounding |= 1 << 8 }, message: "capabilities"),
    Row(title: "an inheritable capability", change: { $0.status.inheritable = 1 }, message: "capabilities"),
    Row(title: "an ambient capability", change: { $0.status.ambient = 1 }, message: "capabilities"),
]

struct MeasurementTests {
    private static func parsed(_ text: String) throws -> ProcessStatus {
        try #require(ProcessStatus(parsing: Array(text.utf8)))
    }

    private static func held() throws -> Measurement {
        let status = """
            Name:\tcat
            Uid:\t1000\t1000\t1000\t1000
            Gid:\t1000\t1000\t1000\t1000
            CapInh:\t0000000000000000
            CapPrm:\t00000000800404ff
            CapEff:\t00000000800404ff
            CapBnd:\t00000000800404ff
            CapAmb:\t0000000000000000
            NoNewPrivs:\t1
            Seccomp:\t2
            Seccomp_filters:\t2

            """
        func namespaces(_ first: UInt64) -> Namespaces {
            var inodes: [String: UInt64] = [:]
            for (index, kind) in Namespaces.kinds.enumerated() { inodes[kind] = first + UInt64(index) }
            return Namespaces(inodes)
        }
        return Measurement(
            worker: namespaces(11),
            host: namespaces(21),
            relayNetwork: 31,
            relayLinks: [
                link("lo", "loopback"), link("worker", "veth", peer: "worker"), link("sit0", "sit", up: false),
            ],
            workerLinks: [link("lo", "loopback"), link("eth0", "veth", peer: "relay")],
            status: try parsed(status),
            descriptors: [.null, .pipe, .terminal],
            hostFilters: 1,
            filterDigest: SHA256().digest,
            landlock: []
        )
    }

    @Test func `a command that is held passes`() throws {
        try Self.held().check(capabilities: harmless)
    }

    @Test(arguments: contradictions)
    private func `a measurement that contradicts that is said to`(_ row: Row) throws {
        var measurement = try Self.held()
        row.change(&measurement)
        let error = #expect(throws: MeasurementError.self) { try measurement.check(capabilities: harmless) }
        #expect(error?.description.contains(row.message) == true, "\(String(describing: error))")
    }

    @Test(arguments: ["Uid", "Gid", "CapAmb", "NoNewPrivs", "Seccomp_filters", "CapBnd"])
    func `a status without a line that is needed is none`(_ name: String) throws {
        let content = try #require(text(of: "/proc/self/status"))
        #expect(ProcessStatus(parsing: Array(content.utf8)) != nil)
        let cut = content.split(separator: "\n").filter { !$0.hasPrefix(name + ":") }.joined(separator: "\n")
        #expect(ProcessStatus(parsing: Array(cut.utf8)) == nil)
    }

    @Test func `our own links and namespaces are found`() throws {
        let socket = try Socket.make(AF_NETLINK, Socket.raw, 0)
        let links = try LinkTable(socket).links()
        #expect(links.contains { $0.name == "lo" && $0.kind == "loopback" })
        let own = try #require(Namespaces(of: "self"))
        #expect(own.inodes.count == 6)
        #expect(Namespaces(of: "999999999") == nil)
    }

    // man execve: "#!interpreter [optional-arg]".
    @Test(
        arguments: [
            ("#!/bin/sh\n", "/bin/sh"), ("#! \t/usr/bin/env python3\n", "/usr/bin/env"), ("#!/bin/sh", "/bin/sh"),
            ("#!\n/bin/sh", nil), ("#/bin/sh\n", nil), ("", nil), ("\u{7f}ELF", nil),
        ] as [(String, String?)]
    )
    func `a script names its interpreter`(_ head: String, _ interpreter: String?) {
        #expect(ExecutableMeasurement.interpreter(in: Array(head.utf8)) == interpreter)
    }

    @Test func `the executable is what execvp would find`() throws {
        let folder = Folder()
        let script = folder.write("script", "#!/bin/sh\nexit 0\n", mode: 0o755)
        let plain = folder.write("plain", "", mode: 0o644)
        let found = try ExecutableMeasurement([folder.path + "/none", plain, folder.path, script], of: "self")
        #expect(found.file.path == script)
        #expect(found.file.digest == SHA256.digest(of: Array("#!/bin/sh\nexit 0\n".utf8)))
        #expect(found.interpreter?.path == "/bin/sh")
        #expect(found.interpreter?.digest == (try FileMeasurement("/bin/sh").digest))
        #expect(throws: MeasurementError.notExecutable(code: EACCES)) {
            try ExecutableMeasurement([folder.path + "/none", plain], of: "self")
        }
        #expect(throws: MeasurementError.notExecutable(code: ENOENT)) {
            try ExecutableMeasurement([folder.path + "/none"], of: "self")
        }
    }

    @Test func `a descriptor is told by its kind`() throws {
        let own = getpid()
        let null = try FileDescriptor.open("/dev/null", O_RDONLY), zero = try FileDescriptor.open("/dev/zero", O_RDONLY)
        let file = try FileDescriptor.open("/proc/self/status", O_RDONLY),
            folder = try FileDescriptor.open("/", O_RDONLY)
        let (one, other) = try FileDescriptor.socketPair(type: Socket.stream)
        defer { for number in [one, other] { close(number) } }
        var pipes: [Int32] = [0, 0]
        #expect(unsafe pipe(&pipes) == 0)
        defer { for number in pipes { close(number) } }
        let kinds = [null.raw, zero.raw, file.raw, folder.raw, one, pipes[0], 9999].map { StreamKind($0, of: own) }
        #expect(kinds == [.null, .device, .file, .other, .socket, .pipe, .closed])
        #expect(StreamKind(0, of: 0) == .closed)
    }
}
