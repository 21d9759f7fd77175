// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Namespaces by the inode numbers that name them (namespaces(7)).
public struct Namespaces: Equatable, Sendable {
    /// The kinds that a worker has of its own, by their names in /proc/PID/ns.
    public static let kinds = ["net", "pid", "mnt", "ipc", "uts", "user"]

    /// The inode numbers by kind.
    public var inodes: [String: UInt64] = [:]

    /// Those of a process: its pid, or "self"; nil if one can't be looked at.
    public init?(of process: String) {
        for kind in Self.kinds {
            var status = stat()
            guard unsafe stat("/proc/\(process)/ns/\(kind)", &status) == 0 else { return nil }
            inodes[kind] = UInt64(status.st_ino)
        }
    }

    /// Namespaces of known numbers.
    init(_ inodes: [String: UInt64]) {
        self.inodes = inodes
    }

    /// The number of an open namespace.
    static func inode(of descriptor: Int32) -> UInt64? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
