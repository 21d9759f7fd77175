// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Whether the command may begin where its caller is: a directory that is hidden from it is still open as its working directory,
/// with all that is around it.
enum WorkingDirectory: Equatable, Sendable {
    /// It stays.
    case kept
    /// What its path leads to inside takes its place.
    case entered(BytePath)

    /// Of the calling process.
    static func ofCaller(_ table: MountTable, _ kernel: KernelMounts) throws(SystemError) -> WorkingDirectory {
        let stage = "finding the working directory among the machine's mounts"
        // Readable even of a directory that was removed; getcwd(2) is not.
        guard let path = linkBytes("/proc/self/cwd") else { throw SystemError(stage) }
        let directory = try FileDescriptor.open("/proc/self/cwd", DescriptorKind.pathOnly)
        guard let kind = DescriptorKind(of: directory.raw) else { throw SystemError(stage) }
        return try judge(path, mount: kind.mount, table, kernel)
    }

    static func judge(
        _ path: BytePath,
        mount identifier: UInt64,
        _ table: MountTable,
        _ kernel: KernelMounts
    ) throws(SystemError) -> WorkingDirectory {
        // Below a root directory that is not ours, or on a mount that was taken away or covered: nobody judged it.
        guard path.bytes.first == UInt8(ascii: "/"), table.mount(at: path)?.identifier == identifier else {
            throw SystemError("finding the working directory among the machine's mounts", code: ENOENT)
        }
        // By a path nobody could get there, but it is open.
        guard !kernel.unreachable.contains(where: path.isBelow) else {
            throw SystemError(
                "entering the working directory '\(path)', which is of a file system of the kernel's",
                code: EOPNOTSUPP
            )
        }
        let hidden = kernel.covered.map(\.path) + kernel.processes
        return KernelMounts.isReplaced(path) || hidden.contains(where: path.isBelow) ? .entered(path) : .kept
    }
}
