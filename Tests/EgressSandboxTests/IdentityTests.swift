// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import EgressSandbox

struct IdentityTests {
    /// Lines as /proc/self/uid_map has them (user_namespaces(7)): inside, outside, count.
    @Test(arguments: [
        ("         0          0 4294967295\n", "0 0 4294967295\n"),
        // A rootless container with subordinate ids
        ("         0       1000          1\n         1     100000      65536\n", "0 0 1\n1 1 65536\n"),
        ("      1000          0          1\n", "1000 1000 1\n"),
        // Without a map, at least the caller's own id
        ("", "0 0 1\n"),
        ("\n\n", "0 0 1\n"),
        ("0 0\n", "0 0 1\n"),
        ("0 0 1 1\n", "0 0 1\n"),
    ]) func `every id that there is is mapped to itself`(_ map: String, _ expected: String) {
        #expect(Identity.identityMap(of: Array(map.utf8)) == expected)
    }

    @Test func `a map that can't be read maps the caller alone`() {
        #expect(Identity.identityMap(of: nil) == "0 0 1\n")
    }

    @Test func `an ordinary user maps themselves and keeps no capability`() {
        let identity = Identity.current()
        if geteuid() == 0 {
            #expect(!identity.deniesSetgroups)
            #expect(identity.capabilities == Identity.ordinaryCapabilities)
        } else {
            #expect(identity.userMap == "\(geteuid()) \(geteuid()) 1\n")
            #expect(identity.deniesSetgroups)
            #expect(identity.capabilities == 0)
        }
    }

    /// capabilities(7)
    @Test func `no capability over networks, namespaces, the kernel or other processes is kept`() {
        let dangerous: [(String, UInt64)] = [
            ("SETPCAP", 8), ("LINUX_IMMUTABLE", 9), ("NET_BROADCAST", 11), ("NET_ADMIN", 12), ("NET_RAW", 13),
            ("IPC_LOCK", 14), ("IPC_OWNER", 15), ("SYS_MODULE", 16), ("SYS_RAWIO", 17), ("SYS_PTRACE", 19),
            ("SYS_PACCT", 20), ("SYS_ADMIN", 21), ("SYS_BOOT", 22), ("SYS_NICE", 23), ("SYS_RESOURCE", 24),
            ("SYS_TIME", 25), ("SYS_TTY_CONFIG", 26), ("MKNOD", 27), ("LEASE", 28), ("AUDIT_WRITE", 29),
            ("AUDIT_CONTROL", 30), ("MAC_OVERRIDE", 32), ("MAC_ADMIN", 33), ("SYSLOG", 34), ("WAKE_ALARM", 35),
            ("BLOCK_SUSPEND", 36), ("AUDIT_READ", 37), ("PERFMON", 38), ("BPF", 39), ("CHECKPOINT_RESTORE", 40),
        ]
        for (name, number) in dangerous {
            #expect(Identity.ordinaryCapabilities >> number & 1 == 0, "CAP_\(name)")
        }
        #expect(Identity.ordinaryCapabilities >> 41 == 0)
    }
}
