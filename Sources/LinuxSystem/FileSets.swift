// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Files that are known by the kernel's own object and not by their numbers; see `CShim/linux/inside.c`. There is one of
/// each set in a process: `ConnectNotice` tells what is in them.
public enum FileSets {
    /// Makes both sets, empty; that of names only if there are any.
    public static func start(names: Bool) throws(SystemError) {
        let what = "noting which sockets are bound inside (inotify, bounded by sysctl fs.inotify.max_user_instances)"
        _ = try retrying(what) { egress_sets_start(names ? 1 : 0) }
    }

    /// Keeps a file of a local file system as one that was bound inside; of others a `NoticeReader` does that.
    public static func keepInside(_ descriptor: Int32) throws(SystemError) {
        _ = try retrying("noting that a socket is bound inside (inotify)") { egress_inside_add(descriptor) }
    }

    /// Names a file, by what `SocketFile.name` then says of it. To be done before there is a `NoticeReader`.
    public static func name(_ descriptor: Int32, _ name: Int) throws(SystemError) {
        _ = try retrying("noting which unix sockets are named (inotify)") { egress_named_add(descriptor, Int32(name)) }
    }

    /// File systems that answer from memory or a local disk, by their type (proc_pid_mountinfo(5)).
    private static let localTypes: Set<String> = [
        "tmpfs", "ramfs", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "overlay", "zfs", "bcachefs",
    ]

    /// Learns which mounts of a process answer by themselves. Of all others only a `NoticeReader` asks anything.
    ///
    /// - Parameter process: one that sees the worker's mounts, which don't change
    public static func learnMounts(of process: Int32) {
        guard !hasLearned else { return }
        var ids: [UInt64] = []
        for line in (contents(ofFile: "/proc/\(process)/mountinfo", limit: 64 << 20) ?? []).split(separator: 10) {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 6, let id = number(fields[0]),
                let dash = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }), dash + 1 < fields.count,
                localTypes.contains(String(decoding: fields[dash + 1], as: UTF8.self))
            else { continue }
            ids.append(id)
        }
        // Where files are that only a descriptor leads to (memfd_create(2)).
        if let file = try? FileDescriptor(
            owning: retrying("making a file in memory") { unsafe egress_memory_file("mount") }
        ) {
            var status = egress_file()
            if unsafe egress_file_status(file.raw, &status) == 0 { ids.append(status.mount) }
        }
        ids.sort()
        // Kept for as long as the process lives, which C refers to.
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: max(ids.count, 1))
        unsafe memory.initialize(from: ids, count: ids.count)
        unsafe egress_local_mounts(memory, ids.count)
    }

    /// Whether that was done.
    public static var hasLearned: Bool { egress_knows_mounts() != 0 }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits, as: UTF8.self))
    }
}

/// What is known of a file that a unix socket's path leads to. Of one of a local file system a notice does not say whose it
/// is: `init(of:)` asks.
public struct SocketFile: Sendable {
    /// It is a unix socket's.
    public let isSocket: Bool
    /// It is one that was bound inside.
    public let isInside: Bool
    /// Its name, if it has one (`FileSets.name`).
    public let name: Int?
    /// Its permissions would not let us connect; not looked at of one that is inside or named.
    public let isLocked: Bool
    /// It lies in a file system that may be long in answering: only a `NoticeReader` may ask it.
    public let isSlow: Bool

    init(_ raw: egress_notice) {
        (isSocket, isInside, isSlow) = (raw.is_socket != 0, raw.is_inside != 0, raw.is_slow != 0)
        isLocked = raw.is_locked != 0
        name = raw.named < 0 ? nil : Int(raw.named)
    }

    /// Of an open descriptor; whose it is only if its file system is local.
    public init(of descriptor: Int32) {
        var raw = egress_notice()
        unsafe egress_look_at_file(&raw, descriptor)
        self.init(raw)
    }
}
