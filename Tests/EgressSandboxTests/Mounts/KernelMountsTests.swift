// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

struct KernelMountsTests {
    private func mounts(
        _ lines: String,
        files: Set<BytePath> = [],
        unreachable: Set<BytePath> = []
    ) throws -> KernelMounts {
        try KernelMounts(try MountTable(Array(lines.utf8))) { path in
            unreachable.contains(path) ? .unreachable : files.contains(path) ? .file : .directory
        }
    }

    @Test func `what nobody can get to is left, and is no working directory`() throws {
        let lines = """
            25 1 254:0 / / rw - ext4 none rw
            30 25 0:4 net:[4026532] /run/docker/netns/x rw - nsfs nsfs rw
            31 25 0:4 net:[4026533] /run/netns/y rw - nsfs nsfs rw
            32 25 0:30 / /root/sys rw - sysfs sysfs rw
            """
        let found = try mounts(lines, unreachable: ["/run/docker/netns/x", "/root/sys"])
        #expect(found.readOnly == ["/run/netns/y"])
        #expect(found.unreachable == ["/run/docker/netns/x", "/root/sys"])
        let table = try MountTable(Array(lines.utf8))
        #expect(throws: SystemError.self) { try WorkingDirectory.judge("/root/sys/kernel", mount: 32, table, found) }
    }

    @Test func `a mount that can't be judged ends the start`() throws {
        let table = try MountTable(
            Array("25 1 254:0 / / rw - ext4 none rw\n30 25 0:30 / /no/such rw - sysfs none rw".utf8)
        )
        #expect(throws: SystemError("judging the mount at '/no/such'", code: ENOENT)) { try KernelMounts(table) }
    }

    @Test func `what is covered anyway is left out, and /sys is one tree`() throws {
        let found = try mounts(
            """
            25 1 254:0 / / rw - ext4 /dev/vda rw
            21 25 0:20 / /proc rw,relatime shared:1 - proc proc rw
            22 21 0:21 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw
            23 25 0:22 / /sys rw,nosuid - sysfs sysfs rw
            24 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
            26 25 0:24 / /dev rw - devtmpfs devtmpfs rw
            27 26 0:25 / /dev/mqueue rw - mqueue mqueue rw
            """
        )
        var expected = try mounts("25 1 254:0 / / rw - ext4 /dev/vda rw")
        #expect(expected.readOnlyTrees.isEmpty && !expected.hasQueues)
        expected.readOnlyTrees = ["/sys"]
        expected.hasQueues = true
        #expect(found == expected)
    }

    @Test(arguments: [
        "ext4", "xfs", "btrfs", "overlay", "tmpfs", "fuse", "fuse.sshfs", "fuseblk", "nfs4", "cifs", "9p", "virtiofs",
        "zfs",
        "vfat", "squashfs",
    ])
    func `what only stores files stays`(_ type: String) throws {
        let found = try mounts("25 1 254:0 / / rw - ext4 none rw\n30 25 0:30 / /srv rw - \(type) none rw")
        #expect(found == (try mounts("25 1 254:0 / / rw - ext4 none rw")))
    }

    @Test(arguments: [
        "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "bpf", "nfsd", "devtmpfs",
        "devpts",
        "fusectl", "something-new",
    ])
    func `what is not known only to store files is read-only, whatever its path`(_ type: String) throws {
        let found = try mounts("25 1 254:0 / / rw - ext4 none rw\n30 25 0:30 / /srv/a\\040b rw - \(type) none rw")
        #expect(found.readOnly == ["/srv/a b"])
        #expect(found.readOnlyTrees.isEmpty && found.processes.isEmpty && found.covered.isEmpty)
    }

    @Test func `of a /proc elsewhere the whole is ours, its controls are read-only, its processes are hidden`() throws {
        let found = try mounts(
            """
            25 1 254:0 / / rw - ext4 none rw
            30 25 0:30 / /srv/proc rw,relatime shared:1 master:2 - proc proc rw
            31 25 0:20 /sys /srv/sys rw - proc proc rw
            32 25 0:20 /1 /srv/one rw - proc proc rw
            33 25 0:20 /1/environ /srv/environ rw - proc proc rw
            """,
            files: ["/srv/environ"]
        )
        #expect(found.processes == ["/srv/proc"])
        #expect(found.readOnly == ["/srv/sys"])
        #expect(found.covered == [KernelMounts.Cover(path: "/srv/one")])
        #expect(found.coveredFiles == ["/srv/environ"])
    }

    @Test func `a path that is no UTF-8 is kept byte by byte`() throws {
        let line = Array("30 25 0:30 / /srv/".utf8) + [0xff, 0xfe] + Array(" rw - proc proc rw\n".utf8)
        let table = try MountTable(Array("25 1 254:0 / / rw - ext4 none rw\n".utf8) + line)
        #expect(
            try KernelMounts(table) { _ in .directory }.processes == [BytePath(Array("/srv/".utf8) + [0xff, 0xfe])]
        )
    }

    @Test func `an automounter is covered, and what is mounted on it is kept`() throws {
        let found = try mounts(
            """
            25 1 254:0 / / rw - ext4 none rw
            30 25 0:30 / /net rw - autofs /etc/auto.net rw
            31 25 0:31 / /home rw - autofs /etc/auto.home rw
            32 31 0:32 / /home/alice rw - nfs4 server:/alice rw
            33 32 0:33 / /home/alice/direct rw - autofs /etc/auto.direct rw
            34 25 0:34 / /opt/x rw - autofs /etc/auto.direct rw
            35 34 0:35 / /opt/x rw - nfs4 server:/x rw
            36 25 0:36 / /afs rw - afs none rw
            37 36 0:37 / /afs/cell.example rw - afs #cell.example:root.cell rw
            38 25 0:38 / /queues rw - mqueue mqueue rw
            """
        )
        #expect(
            found.covered == [
                KernelMounts.Cover(path: "/net"), KernelMounts.Cover(path: "/afs", kept: ["/afs/cell.example"]),
                KernelMounts.Cover(path: "/home", kept: ["/home/alice"]), KernelMounts.Cover(path: "/queues"),
                KernelMounts.Cover(path: "/home/alice/direct"),
            ]
        )
        #expect(found.readOnly.isEmpty)
    }
}
