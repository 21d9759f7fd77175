// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@testable import EgressSandbox

struct MountTableTests {
    private func table(_ lines: String) throws -> MountTable { try MountTable(Array(lines.utf8)) }

    private static let stacked = """
        25 1 254:0 / / rw - ext4 none rw
        30 25 0:30 / /mnt rw - proc proc rw
        31 30 0:31 / /mnt rw - tmpfs none rw
        32 30 0:32 / /mnt/below rw - sysfs none rw
        33 25 0:33 / /a/b rw - sysfs none rw
        34 25 0:34 / /a rw - tmpfs none rw
        35 34 0:35 / /a/c rw - proc proc rw
        """

    @Test func `what another mount covers is not reachable`() throws {
        let table = try table(Self.stacked)
        #expect(table.reachable.map(\.identifier) == [25, 31, 34, 35])
    }

    @Test(
        arguments: [
            ("/", 25), ("/mnt", 31), ("/mnt/below/x", 31), ("/a/b", 34), ("/a/c", 35), ("/a/cd", 34), ("/ab", 25),
        ] as [(BytePath, UInt64)]
    )
    func `a path leads to a mount`(_ path: BytePath, _ identifier: UInt64) throws {
        #expect(try table(Self.stacked).mount(at: path)?.identifier == identifier)
    }

    @Test func `a parent outside of the root directory is not needed`() throws {
        let table = try table("30 7 0:30 / /proc rw - proc proc rw\n31 7 0:31 / /tmp rw - tmpfs none rw")
        #expect(table.reachable.map(\.path) == ["/proc", "/tmp"])
        #expect(table.mount(at: "/etc") == nil)
    }

    @Test(arguments: [
        "1 2 3", "31 1 0:31 / /cut rw -", "x 1 0:31 / /mnt rw - tmpfs none rw", "31 1 0:31 / mnt rw - tmpfs none rw",
        "31 1 0:31 / /mnt\\09 rw - tmpfs none rw", "31 1 0:31 / /mnt rw tmpfs none rw",
    ])
    func `a line that can't be judged is an error`(_ line: String) throws {
        #expect(throws: SystemError.self) { try table("25 1 254:0 / / rw - ext4 none rw\n" + line) }
    }

    @Test func `this machine's are judged, and no change is seen where none was made`() throws {
        let machine = try MachineMounts()
        #expect(machine.table.mount(at: "/proc/self")?.type == "proc")
        #expect(machine.directory == .kept)
    }
}
