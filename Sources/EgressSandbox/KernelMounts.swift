// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// What becomes of the machine's mounts. What only stores files stays as it is, by a list; whatever else there is may change
/// the machine's kernel when root writes to it, or ask a process outside for a name.
struct KernelMounts: Equatable, Sendable {
    /// A file system that is hidden by an empty one, in which what is mounted on it and may stay is mounted again.
    struct Cover: Equatable, Sendable {
        var path: BytePath
        var kept: [BytePath] = []
    }

    /// Whole /proc file systems, of the machine's processes: ours takes their place.
    var processes: [BytePath] = []
    /// Made read-only with all that is mounted on them, and each by itself.
    var readOnlyTrees, readOnly: [BytePath]
    /// Hidden; an outer one stands before those in it. Those in the other list are files.
    var covered: [Cover] = []
    var coveredFiles: [BytePath] = []
    /// Those that neither the caller nor, therefore, the command can get to by their path.
    var unreachable: [BytePath] = []
    /// Whether the machine shows its POSIX message queues (mq_overview(7)).
    var hasQueues = false

    /// Keep files, and nothing else: of disks, of memory, of file servers. Named by what /proc/filesystems calls them.
    private static let storage: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "f2fs", "zfs", "jfs", "reiserfs", "reiser4", "nilfs2",
        "ubifs", "jffs2", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "hfs", "hfsplus", "apfs", "ufs", "minix",
        "iso9660", "udf", "squashfs", "erofs", "cramfs", "romfs", "zonefs",
        "tmpfs", "ramfs", "rootfs", "hugetlbfs", "overlay", "aufs", "shiftfs", "ecryptfs",
        "fuse", "fuseblk", "virtiofs", "9p", "vboxsf", "vmhgfs", "nfs", "nfs4", "cifs", "smb3", "ceph", "gfs2", "ocfs2",
        "lustre", "beegfs", "gpfs", "orangefs",
    ]
    /// Files of the machine's kernel's own that can be read without harm in /proc, or else not at all.
    private static let controls: [BytePath] = [
        "/sys", "/irq", "/bus", "/fs", "/acpi", "/scsi", "/driver", "/asound", "/pressure", "/sysrq-trigger",
    ]

    /// What lstat(2) says of a mount that has to be treated.
    enum Look { case directory, file, unreachable }

    private enum Treatment { case stays, ours, readOnly, covered }

    /// True of a type of file system that only stores files.
    static func isStorage(_ type: String) -> Bool { storage.contains(type) || type.hasPrefix("fuse.") }

    private static func treatment(of mount: MountTable.Mount) -> Treatment {
        switch mount.type {
        case let type where isStorage(type): .stays
        case "proc" where mount.root == .root: .ours
        case "proc" where controls.contains { mount.root.isBelow($0) }: .readOnly
        // What of a process outside is mounted shows it.
        case "proc": .covered
        // Ask a daemon for each name that isn't there yet: automount(8); AFS, where a name is that of a cell on the internet.
        // A cell's volume, which kafs mounts by itself, is a file server's.
        case "afs" where mount.source.hasPrefix("#") || mount.source.hasPrefix("%"): .stays
        case "autofs", "afs": .covered
        // Message queues and the kernel's calls for NFS credentials: what is no regular file can be written to when read-only.
        case "mqueue", "rpc_pipefs": .covered
        // And whatever else there may be: sysfs, cgroup2, debugfs, configfs, bpf, ... Devices can't be opened there (nodev).
        default: .readOnly
        }
    }

    /// True if the command can reach files of a mount at its path as before.
    static func stays(_ mount: MountTable.Mount) -> Bool {
        treatment(of: mount) == .stays && !isReplaced(mount.path)
    }

    /// True below directories that are mounted anew.
    static func isReplaced(_ path: BytePath) -> Bool { path.isBelow("/proc") || path.isBelow("/dev") }

    init(_ table: MountTable, look: (BytePath) throws(SystemError) -> Look = look) throws(SystemError) {
        (readOnlyTrees, readOnly) = ([], [])
        let sys = table.mount(at: "/sys").flatMap {
            $0.path == "/sys" && Self.treatment(of: $0) == .readOnly ? $0 : nil
        }
        if sys != nil { readOnlyTrees.append("/sys") }
        for mount in table.reachable {
            if mount.type == "mqueue", mount.path == "/dev/mqueue" { hasQueues = true }
            let treatment = Self.treatment(of: mount)
            guard treatment != .stays, !Self.isReplaced(mount.path) else { continue }
            if treatment == .readOnly, sys != nil, mount.path.isBelow("/sys") { continue }
            let kind = try look(mount.path)
            switch treatment {
            case _ where kind == .unreachable: unreachable.append(mount.path)
            case .stays: break
            case .ours: processes.append(mount.path)
            case .readOnly: readOnly.append(mount.path)
            case .covered where kind == .file: coveredFiles.append(mount.path)
            // What is mounted on it is judged by itself.
            case .covered: covered.append(Cover(path: mount.path, kept: table.mounts(on: mount).map(\.path)))
            }
        }
        covered.sort { $0.path.bytes.count < $1.path.bytes.count }
    }

    /// Asks nobody: these file systems are the kernel's own, and lstat(2) wakes no automounter. Whoever may not search a
    /// directory on the way has no way there, and the command has no more rights than its caller.
    static func look(_ path: BytePath) throws(SystemError) -> Look {
        if let type = path.fileType() { return type == S_IFDIR ? .directory : .file }
        let code = errno
        // Whom a directory of his own keeps out opens it when he likes.
        if code == EACCES, !isBarredByOwn(path) { return .unreachable }
        if code == EACCES {
            let what = "judging the mount at '\(path)', which a directory of your own hides (chmod u+x it)"
            throw SystemError(what, code: ENOTSUP)
        }
        throw SystemError("judging the mount at '\(path)'")
    }

    /// True if the directory that can't be searched on the way to a path belongs to the caller. What lies below it can't be
    /// looked at.
    private static func isBarredByOwn(_ path: BytePath) -> Bool {
        let visible = path.lineage.compactMap { $0.status() }
        return visible.last?.st_uid == geteuid()
    }
}
