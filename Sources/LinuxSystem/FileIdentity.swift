// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Which file an open descriptor leads to by the numbers that are shown of it. They tell files apart only as long as their
/// file system doesn't give one again: who needs to know for certain asks `FileSets`.
public struct FileIdentity: Hashable, Sendable {
    /// The device, as stat(2) has it.
    public private(set) var device: UInt64
    /// The inode.
    public private(set) var inode: UInt64
    /// How many names it has.
    public let links: UInt64

    /// Of an open descriptor, as far as that is known without asking its file system; nil if it can't be told.
    public init?(of descriptor: Int32) {
        var file = egress_file()
        guard unsafe egress_file_status(descriptor, &file) == 0 else { return nil }
        (device, inode, links) = (file.device, file.inode, file.links)
    }

    /// As the kernel itself numbers the file: btrfs and overlay file systems show other numbers in stat(2).
    ///
    /// - Parameter process: one that sees the mount through which the file was opened
    /// - Returns: nil if that can't be told, as before Linux 5.14, which does not show the inode.
    public func inKernel(_ descriptor: Int32, mountsOf process: Int32) -> FileIdentity? {
        let lines = (contents(ofFile: "/proc/self/fdinfo/\(descriptor)") ?? []).split(separator: UInt8(ascii: "\n"))
        func field(_ name: String) -> UInt64? {
            lines.first { $0.starts(with: name.utf8) }.flatMap { line in
                UInt64(String(decoding: line.dropFirst(name.utf8.count).filter { $0 > 32 }, as: UTF8.self))
            }
        }
        guard let mount = field("mnt_id:"), let inode = field("ino:"),
            let device = Self.device(ofMount: mount, in: contents(ofFile: "/proc/\(process)/mountinfo") ?? [])
        else { return nil }
        var result = self
        (result.device, result.inode) = (device, inode)
        return result
    }

    /// proc_pid_mountinfo(5): the mount's id first, major:minor third.
    static func device(ofMount mount: UInt64, in table: [UInt8]) -> UInt64? {
        for line in table.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 3)
            guard fields.count == 4, UInt64(String(decoding: fields[0], as: UTF8.self)) == mount else { continue }
            let numbers = fields[2].split(separator: UInt8(ascii: ":")).map { String(decoding: $0, as: UTF8.self) }
            guard numbers.count == 2, let major = UInt64(numbers[0]), let minor = UInt64(numbers[1]) else { return nil }
            // As stat(2) packs them (makedev(3)).
            return minor & 0xff | (major & 0xfff) << 8 | (minor & ~0xff) << 12 | (major & ~0xfff) << 32
        }
        return nil
    }

    /// True if both are the same file.
    public static func == (one: FileIdentity, other: FileIdentity) -> Bool {
        one.device == other.device && one.inode == other.inode
    }

    /// As `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(device)
        hasher.combine(inode)
    }
}

/// The path that an open descriptor was found at, for people; nil if it can't be told.
public func path(of descriptor: Int32) -> String? {
    linkTarget("/proc/self/fd/\(descriptor)")
}

/// readlink(2); nil if it fails.
public func linkTarget(_ link: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(link, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
}

/// realpath(3).
public func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}
