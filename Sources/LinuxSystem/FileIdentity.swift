// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which file an open descriptor leads to, whatever it is called.
public struct FileIdentity: Hashable, Sendable {
    /// The device, as stat(2) has it.
    public let device: UInt64
    /// The inode.
    public let inode: UInt64
    /// How many names it has.
    public let links: UInt64
    /// True of a unix socket.
    public let isSocket: Bool

    /// Of an open descriptor; nil if it can't be told.
    public init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        links = UInt64(status.st_nlink)
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
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
