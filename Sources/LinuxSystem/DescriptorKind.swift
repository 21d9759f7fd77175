// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// What an open descriptor is, as far as the kernel itself knows: no file server is asked.
public struct DescriptorKind: Sendable {
    /// Its type, S_IFMT of the mode; 0 of what has none, as an eventfd.
    public let type: UInt32
    /// Its permissions, as chmod(2) sets them.
    public let permissions: UInt32
    /// F_GETFL of fcntl(2).
    public let flags: Int32
    /// The number of a device.
    public let major, minor: UInt32
    /// The id of the mount that it was opened through, as proc_pid_mountinfo(5) has it; 0 where it can't be told.
    public let mount: UInt64

    /// O_PATH of open(2), which Glibc has for C alone.
    public static let pathOnly: Int32 = 0x20_0000

    /// True of a descriptor that only names a file.
    public var isPathOnly: Bool { flags & Self.pathOnly != 0 }

    /// Of an open descriptor; nil if it is not open.
    public init?(of descriptor: Int32) {
        var found = egress_description()
        guard unsafe egress_describe(descriptor, &found) == 0 else { return nil }
        (type, permissions) = (found.mode & UInt32(S_IFMT), found.mode & 0o7777)
        (flags, major, minor, mount) = (found.flags, found.major, found.minor, found.mount)
    }

    /// f_type of statfs(2); nil if it can't be told. Asks the file system, and so a server of files.
    public static func fileSystem(of descriptor: Int32) -> Int64? {
        let type = egress_file_system(descriptor)
        return type < 0 ? nil : type
    }

    /// The number of the pseudo-terminal behind a descriptor, /dev/tty included; nil of any other.
    public static func pseudoTerminal(_ descriptor: Int32) -> UInt32? {
        let number = egress_terminal_number(descriptor)
        guard number >= 0 else { return nil }
        // new_encode_dev of the kernel: 12 bits of the major number amid those of the minor. UNIX98_PTY_SLAVE_MAJOR is 136,
        // and the seven after it.
        let packed = UInt32(truncatingIfNeeded: number)
        let major = packed >> 8 & 0xfff, minor = packed & 0xff | packed >> 12 & 0xfff00
        return (136...143).contains(major) ? (major - 136) << 20 | minor : nil
    }
}
