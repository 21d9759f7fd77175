// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressSandbox

struct PrivateDevicesTests {
    @Test func `every command gets what leads nowhere`() {
        let paths = PrivateDevices().bound.map(\.path)
        #expect(paths.starts(with: ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"]))
        #expect(!paths.contains("/dev/kmsg"))
    }

    @Test func `a device that is asked for is there, and a directory once`() throws {
        let devices = try PrivateDevices(
            devices: ["/dev/net/tun", "/dev/net", "/dev/net/tun", "/dev/null"],
            sockets: []
        )
        let more = devices.bound.filter { !PrivateDevices().bound.contains($0) }
        #expect(more == [PrivateDevices.Bound(path: "/dev/net", source: "/dev/net", isDirectory: true)])
    }

    @Test(arguments: [
        ("/dev/no-such-device", "No such file"), ("/etc/passwd", "no path below /dev"),
        ("/dev/../etc", "no path below /dev"),
        ("/dev", "the command's own"), ("/dev/pts/0", "the command's own"), ("/dev/shm", "the command's own"),
        ("dev/kvm", "no path below /dev"), ("/dev/net/", "no path below /dev"),
    ])
    func `a device that can't be given is refused with a reason`(_ path: String, _ reason: String) {
        let error = #expect(throws: PrivateDevices.Unusable.self) {
            try PrivateDevices(devices: [path], sockets: [])
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}

struct StandardDescriptorTests {
    private func objection(_ path: String, _ flags: Int32) throws -> String? {
        let file = try FileDescriptor.open(path, flags)
        return try StandardDescriptor.objection(to: file.raw)
    }

    @Test func `files, pipes, null devices and unix sockets may be given`() throws {
        #expect(try objection("/etc/passwd", O_RDONLY) == nil)
        #expect(try objection("/dev/null", O_RDWR) == nil)
        #expect(try objection("/dev/urandom", O_RDONLY) == nil)
        #expect(try objection("/proc/cpuinfo", O_RDONLY) == nil)
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        let (one, other) = try FileDescriptor.socketPair(type: Int32(SOCK_STREAM.rawValue))
        for number in ends + [one, other] {
            #expect(try StandardDescriptor.objection(to: number) == nil)
            close(number)
        }
        #expect(try StandardDescriptor.objection(to: 9999) == nil, "closed")
    }

    @Test(arguments: [
        ("/", O_RDONLY, "directory"), ("/proc", O_RDONLY, "directory"),
        ("/etc/passwd", DescriptorKind.pathOnly, "O_PATH"),
        ("/proc/self/ns/net", O_RDONLY, "kernel's own"), ("/proc/self/oom_score_adj", O_WRONLY, "kernel's own"),
        ("/proc/self/oom_score_adj", O_RDWR, "kernel's own"),
        ("/proc/sys/kernel/core_pattern", O_RDONLY, "kernel's own"), ("/dev/ptmx", O_RDWR, "no terminal"),
    ])
    func `what leads elsewhere may not`(_ path: String, _ flags: Int32, _ reason: String) throws {
        #expect(try objection(path, flags)?.contains(reason) == true)
    }
}
