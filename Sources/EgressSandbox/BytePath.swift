// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A path, byte by byte: those of Linux need not be UTF-8.
public struct BytePath: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Without a NUL.
    public let bytes: [UInt8]

    /// A path of these bytes.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// A path that is text.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// A path that is text.
    public init(stringLiteral text: String) { self.init(text) }

    /// For people; what is no UTF-8 is replaced.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    static let root: BytePath = "/"

    /// The path itself and every directory that it leads through, from "/" on. The path is absolute, as the kernel writes it.
    var lineage: [BytePath] {
        var result = [BytePath.root]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            result.append(BytePath(bytes[..<index]))
        }
        return self == .root ? result : result + [self]
    }

    /// True of the path itself, too.
    func isBelow(_ directory: BytePath) -> Bool { rest(below: directory) != nil }

    /// What follows a directory: "/b" of "/a/b" below "/a"; empty of the directory itself, nil outside of it.
    func rest(below directory: BytePath) -> [UInt8]? {
        if directory == .root { return self == .root ? [] : bytes }
        guard bytes.starts(with: directory.bytes) else { return nil }
        let rest = bytes.dropFirst(directory.bytes.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") ? Array(rest) : nil
    }

    /// The path with what `rest(below:)` gave.
    func adding(_ rest: [UInt8]) -> BytePath {
        if rest.isEmpty { return self }
        return self == .root ? BytePath(rest) : BytePath(bytes + rest)
    }

    /// lstat(2), or stat(2), of a path in file systems of the kernel's own; nil if it fails.
    func status(followingLinks: Bool = false) -> stat? {
        var status = stat()
        let result = unsafe withCString { unsafe followingLinks ? stat($0, &status) : lstat($0, &status) }
        return result == 0 ? status : nil
    }

    /// The type of what is there, S_IFMT of its mode; nil if nothing is.
    func fileType(followingLinks: Bool = false) -> UInt32? {
        status(followingLinks: followingLinks).map { $0.st_mode & S_IFMT }
    }

    /// The path for system calls.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let characters = bytes.map { CChar(bitPattern: $0) } + [0]
        return unsafe characters.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
            return unsafe body(base)
        }
    }
}

/// readlink(2), byte by byte; nil if it fails.
func linkBytes(_ link: BytePath) -> BytePath? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe link.withCString { unsafe readlink($0, &buffer, buffer.count) }
    return count > 0 && count < buffer.count ? BytePath(buffer[..<count].map { UInt8(bitPattern: $0) }) : nil
}
