// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A file of `egress-run`'s own that the command must not see: the audit, the key that statements are signed with.
public struct HiddenFile: Sendable {
    /// Where it was opened.
    let path: BytePath
    /// Through which mount.
    let mount: UInt64

    /// Why a file can't be hidden.
    public enum Unhidable: Error, CustomStringConvertible {
        /// It has more than one name, and they can't be found.
        case hasLinks
        /// The path that it was opened at leads elsewhere by now.
        case moved

        /// What is wrong, and what to do about it.
        public var description: String {
            switch self {
            case .hasLinks:
                "the file has more than one name (hard links), by which the command could open it (give a file of its own)"
            case .moved: "the file can't be found by its path, by which the command could open it"
            }
        }
    }

    /// The file of an open descriptor; nil if it has no name that could be hidden, or is a terminal or a device that keeps
    /// nothing: those are the command's as well.
    public init?(of descriptor: Int32) throws(Unhidable) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, let kind = DescriptorKind(of: descriptor) else { throw .moved }
        guard let path = linkBytes(BytePath("/proc/self/fd/\(descriptor)")) else { throw .moved }
        // "pipe:[7]"; a device of memory, as /dev/null; a file that was removed
        guard path.bytes.first == UInt8(ascii: "/"), status.st_nlink > 0 else { return nil }
        if kind.type == UInt32(S_IFCHR), kind.major == 1 || isatty(descriptor) == 1 { return nil }
        guard let found = path.status(), found.st_dev == status.st_dev, found.st_ino == status.st_ino else {
            throw .moved
        }
        guard status.st_nlink == 1 else { throw .hasLinks }
        (self.path, mount) = (path, kind.mount)
    }

    init(path: BytePath, mount: UInt64) { (self.path, self.mount) = (path, mount) }

    /// Every path by which the command would reach it: its file system may be mounted more than once, whole or in part.
    func places(
        _ table: MountTable,
        look: (BytePath) throws(SystemError) -> KernelMounts.Look = KernelMounts.look
    ) throws(SystemError) -> [BytePath] {
        guard let own = table[mount], let rest = path.rest(below: own.path) else {
            throw SystemError("finding the mount of '\(path)'", code: ENOENT)
        }
        // As the file system itself names it.
        let name = own.root.adding(rest)
        var places: [BytePath] = []
        for mount in table.reachable where mount.device == own.device && KernelMounts.stays(mount) {
            guard let rest = name.rest(below: mount.root) else { continue }
            let place = mount.path.adding(rest)
            // Another mount may stand over the directory; or nobody but root may search it.
            if table.mount(at: place) == mount, try look(place) != .unreachable { places.append(place) }
        }
        return places
    }
}
