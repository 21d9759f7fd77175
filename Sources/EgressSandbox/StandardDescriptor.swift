// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// What a command may be given as standard input, output and error: what moves bytes and leads nowhere else, by a list.
public enum StandardDescriptor {
    /// What descriptor `number` is that the command can't have, as "a directory"; nil if it can have it, or it is closed.
    public static func objection(to number: Int32) throws(SystemError) -> String? {
        guard let kind = DescriptorKind(of: number) else { return nil }
        return try objection(to: kind, isTerminal: { isatty(number) == 1 }) { () throws(SystemError) in
            // A mount of ours tells its type by itself; the file system is asked only where it isn't one.
            if let mount = try MountWitness().table[kind.mount] { return .named(mount.type) }
            return .numbered(DescriptorKind.fileSystem(of: number) ?? 0)
        }
    }

    /// A type of file system: by its name in mountinfo, or by f_type of statfs(2).
    enum FileSystem: Equatable {
        case named(String)
        case numbered(Int64)
    }

    static func objection(
        to kind: DescriptorKind,
        isTerminal: () -> Bool,
        fileSystem: () throws(SystemError) -> FileSystem
    ) throws(SystemError) -> String? {
        if kind.isPathOnly { return "a path that is not open (O_PATH)" }
        switch kind.type {
        case UInt32(S_IFIFO): return nil
        case UInt32(S_IFREG):
            // It can be opened anew by /proc/self/fd, and for writing, whatever we mounted read-only.
            let isReadOnly = kind.flags & O_ACCMODE == O_RDONLY && kind.permissions & 0o222 == 0
            return objection(toFileOf: try fileSystem(), isReadOnly: isReadOnly)
        case UInt32(S_IFCHR):
            // mem(4): null, zero, full, random, urandom. The other end of a terminal (5:2) opens terminals.
            let isMemory = kind.major == 1 && [3, 5, 7, 8, 9].contains(kind.minor)
            return isMemory || isTerminal() && (kind.major, kind.minor) != (5, 2) ? nil : "a device that is no terminal"
        case UInt32(S_IFSOCK):
            return nil  // isForeignSocket(_:) and StandardSockets judge it.
        case UInt32(S_IFDIR): return "a directory, from which the machine's other files can be opened"
        case UInt32(S_IFBLK): return "a block device"
        default: return "no file, pipe, terminal or socket"
        }
    }

    /// Files of the kernel's own that nobody may write to may be read; namespaces and processes (nsfs, pidfs) are not files that one reads.
    private static func objection(toFileOf system: FileSystem, isReadOnly: Bool) -> String? {
        switch system {
        case .named(let type) where KernelMounts.isStorage(type): nil
        case .numbered(let number) where storage.contains(number): nil
        case .named(let type) where type != "nsfs" && type != "pidfs" && isReadOnly: nil
        case .numbered(let number) where kernel.contains(number) && isReadOnly: nil
        case .named: "a file of the kernel's own that can be written to"
        case .numbered: "a file of the kernel's own, or of a file system that is not known"
        }
    }

    /// magic.h of Linux, of what may be opened in another mount namespace or before its mount was taken away: tmpfs (memory
    /// files, too), hugetlbfs, ramfs, ext4, XFS, Btrfs, F2FS, overlayfs, SquashFS, EROFS, ISO 9660, FAT, exFAT, NFS, CIFS,
    /// SMB2, Ceph, 9p, FUSE, ZFS.
    private static let storage: Set<Int64> = [
        0x0102_1994, 0x9584_58f6, 0x8584_58f6, 0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x794c_7630, 0x7371_7368,
        0xe0f5_e1e2, 0x9660, 0x4d44, 0x2011_bab0, 0x6969, 0xff53_4d42, 0xfe53_4d42, 0x00c3_6400, 0x0102_1997,
        0x6573_5546,
        0x2fc1_2fc1,
    ]
    /// proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs.
    private static let kernel: Set<Int64> = [
        0x9fa0, 0x6265_6572, 0x27_e0eb, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673,
    ]
}
