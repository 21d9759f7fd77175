// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressSandbox

struct KernelMountsTests {
    private func mounts(_ lines: String, hidden: Set<String> = []) -> KernelMounts {
        KernelMounts(Array(lines.utf8)) { path, _ in !hidden.contains(path) }
    }

    @Test func `what is covered anyway is left out`() {
        let found = mounts(
            """
            21 1 0:20 / /proc rw,relatime shared:1 - proc proc rw
            22 21 0:21 / /proc/sys/fs/binfmt_misc rw - binfmt_misc none rw
            23 1 0:22 / /sys rw,nosuid - sysfs sysfs rw
            24 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
            25 1 254:0 / / rw - ext4 /dev/vda rw
            """
        )
        #expect(found.processes.isEmpty)
        #expect(found.controls == ["/sys"])
    }

    @Test func `others are found, whatever their path`() {
        let found = mounts(
            """
            30 1 0:30 / /srv/a\\040b/proc rw,relatime shared:1 master:2 - proc proc rw
            31 1 0:20 /sys /srv/sys rw - proc proc rw
            32 1 0:31 / /tmp/tracefs rw - tracefs nodev rw
            33 1 0:32 / /system rw - tmpfs none rw
            """
        )
        #expect(found.processes == ["/srv/a b/proc"])
        #expect(found.controls == ["/srv/sys", "/tmp/tracefs"])
    }

    @Test func `covered by another mount, listed twice, or no line at all`() {
        let lines = """
            30 1 0:30 / /mnt rw - proc proc rw
            31 1 0:31 / /srv rw - sysfs sysfs rw
            31 1 0:31 / /srv rw - sysfs sysfs rw

            1 2 3
            31 1 0:31 / /cut rw -
            """
        let found = mounts(lines, hidden: ["/mnt"])
        #expect(found.processes.isEmpty)
        #expect(found.controls == ["/srv"])
    }
}
