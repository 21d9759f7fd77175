// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

@Suite struct DiagnosisTests {
    static let refusal = Trial.failed(
        .namespaces,
        SandboxError(error: SystemError("cloning the agent", code: EPERM), advice: "ask nicely")
    )

    @Test(arguments: [
        ("5.13.19", Check.Status.no), ("5.14.0", .ok), ("5.14-rc1", .ok), ("4.19.0-25-amd64", .no),
        ("6.8.0-31-generic", .ok),
        ("10.0", .ok), ("", .no), ("six", .no), ("6", .no), ("99999999999999999999.1", .no),
    ])
    func `a kernel is new enough from 5.14 on`(release: String, status: Check.Status) {
        #expect(Diagnosis.kernel(release).status == status)
        #expect((Diagnosis.kernel(release).advice == nil) == (status == .ok))
    }

    @Test(arguments: [
        (KernelSetting.apparmor, "1", false, Check.Status.no), (.apparmor, "1", true, .note),
        (.apparmor, "0", false, .ok),
        (.unprivileged, "0", false, .no), (.unprivileged, "0", true, .note), (.unprivileged, "1", false, .ok),
        (.user, "0", true, .no), (.user, "0", false, .no), (.network, "0", true, .no), (.network, "15000", true, .ok),
        (.mount, "0", false, .no),
    ])
    func `a setting refuses whom it does not spare`(
        setting: KernelSetting,
        value: String,
        isRoot: Bool,
        status: Check.Status
    ) throws {
        var machine = Machine(release: "6.8.0")
        machine.isRoot = isRoot
        machine.settings[setting] = value
        let checks = Diagnosis.settings(machine)
        #expect(checks.map(\.status) == [status])
        let advice = try #require(checks.first).advice
        #expect((advice == nil) == (status == .ok))
        if let advice { #expect(advice.contains("as root: sysctl \(setting.option)=")) }
    }

    @Test func `what the trial fails for is told as egress-run tells it`() throws {
        let failed = SystemError("making the link between the worker and the relay (veth)", code: EOPNOTSUPP)
        let error = SandboxError(error: failed, advice: Advice.about(failed))
        let diagnosis = Diagnosis(Machine(release: "6.8.0"), .failed(.link, error))
        let check = try #require(diagnosis.checks.first { $0.status == .no })
        #expect(error.description == "\(check.found) (\(try #require(check.advice)))")
        #expect(!diagnosis.holds)
    }

    @Test func `the trial decides; a cause that did not stand in the way is a note`() {
        var machine = Machine(release: "6.8.0")
        machine.settings[.apparmor] = "1"
        func status(_ trial: Trial) -> Check.Status? {
            Diagnosis(machine, trial).checks.first { $0.name == "settings" }?.status
        }
        #expect(status(.held) == .note)
        #expect(status(Self.refusal) == .no)
        #expect(Diagnosis(machine, .held).holds)
    }

    @Test func `parts that were not reached are not called sound`() {
        let checks = Diagnosis.parts(Self.refusal)
        #expect(checks.map(\.status) == [.no, .note, .note, .note, .note, .note])
        #expect(checks.map(\.name) == ["namespaces", "mounts", "link", "routing-rules", "raw-sockets", "command"])
    }

    @Test func `a covered /proc is found among the mounts`() {
        let mounts: [Substring] = [
            "22 27 0:21 / /proc rw,relatime - proc proc rw",
            "30 22 0:40 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw",
            "41 22 0:21 /sys /proc/sys ro,nosuid - proc proc rw", "42 22 0:5 /null /proc/kcore rw - tmpfs tmpfs rw",
            "broken",
        ]
        #expect(Machine.coveredProc(mounts: mounts) == ["/proc/sys", "/proc/kcore"])
    }

    @Test func `a line a check, the advice below it, the verdict last`() {
        var machine = Machine(release: "5.4.0")
        machine.ipv6 = .global
        machine.nameServers = [Machine.NameServer(address: "192.0.2.53", code: 0)]
        let lines = Diagnosis(machine, Self.refusal).description.split(separator: "\n")
        #expect(
            lines.prefix(3) == [
                "namespaces        NO    cloning the agent: Operation not permitted",
                "                        ask nicely",
                "mounts            note  not known, as another part failed",
            ]
        )
        #expect(lines.contains("kernel            NO    Linux 5.4.0"))
        #expect(lines.contains("dns               ok    192.0.2.53"))
        #expect(lines.last == "the default mode does not hold here")
        #expect(Diagnosis(machine, .held).description.hasSuffix("\nthe default mode holds here\n"))
    }

    @Test(arguments: [
        (EBUSY, Check.Status.no, "start egress-run outside of it"), (EINVAL, .no, "CONFIG_SECCOMP_FILTER"),
        (0, .ok, ""),
    ])
    func `a listener above us is told from a kernel without one`(code: Int32, status: Check.Status, advice: String) {
        var machine = Machine(release: "6.8.0")
        machine.listener = code
        let check = Diagnosis.listener(machine)
        #expect(check.status == status)
        #expect(check.advice?.contains(advice) ?? advice.isEmpty)
    }

    @Test(
        arguments: [
            (nil, Check.Status.note, "nothing rests on it"), (3, .note, "holds nothing that is held here"),
            (5, .note, "ABI 5 holds a second time: TCP connect, TCP bind"),
            (7, .ok, "ABI 7 holds a second time: TCP connect, TCP bind, abstract sockets, signals"),
        ] as [(Int?, Check.Status, String)]
    )
    func `what Landlock holds a second time is told`(abi: Int?, status: Check.Status, found: String) {
        var machine = Machine(release: "6.8.0")
        machine.landlock = abi
        let check = Diagnosis.landlock(machine)
        #expect(check.status == status)
        #expect(check.found.contains(found))
    }

    @Test func `a kernel that lets sockets be handed over is told of, and is no reason to refuse`() throws {
        var machine = Machine(release: "6.8.0")
        func check() throws -> Check {
            try #require(Diagnosis(machine, .held).checks.first { $0.name == "received-sockets" })
        }
        #expect(try check().status == .ok)
        machine.refusesRights = false
        #expect(try check().status == .note)
        #expect(try check().advice?.contains("Linux 6.16") == true)
    }
}
