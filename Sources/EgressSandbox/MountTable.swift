// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The mounts of a mount namespace as its processes see them (proc_pid_mountinfo(5)), and which of them a path leads to. Judged
/// from the table alone: looking at a path could wait for a file server that is gone, or wake an automounter.
struct MountTable: Sendable {
    /// One line.
    struct Mount: Equatable, Sendable {
        var identifier, parent: UInt64
        /// "major:minor" of the file system.
        var device: [UInt8]
        /// What of the file system is mounted, and where.
        var root, path: BytePath
        /// As in /proc/filesystems, and what was mounted.
        var type, source: String
    }

    let mounts: [Mount]
    /// Which of `mounts` a path can lead into, and which to their roots.
    private let entered, visible: Set<Int>
    /// The mounts on each mount, by where.
    private let children: [UInt64: [BytePath: Int]]
    /// Stands for the mount of the root directory where that is not in the table, as in a chroot(2).
    private static let outside: UInt64 = .max

    /// From the lines of mountinfo.
    ///
    /// - Throws: EBADMSG for a line that can't be judged.
    init(_ lines: [UInt8]) throws(SystemError) {
        var mounts: [Mount] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) { mounts.append(try Self.mount(line)) }
        self.mounts = mounts
        let known = Set(mounts.map(\.identifier))
        var children: [UInt64: [BytePath: Int]] = [:]
        for (index, mount) in mounts.enumerated() {
            children[known.contains(mount.parent) ? mount.parent : Self.outside, default: [:]][mount.path] = index
        }
        self.children = children
        var entered: Set<Int> = [], visible: Set<Int> = []
        var pending = [Self.outside]
        while let parent = pending.popLast() {
            guard let here = children[parent] else { continue }
            for (path, index) in here where !path.lineage.dropLast().contains(where: { here[$0] != nil }) {
                guard entered.insert(index).inserted else { continue }
                pending.append(mounts[index].identifier)
                if children[mounts[index].identifier]?[path] == nil { visible.insert(index) }
            }
        }
        (self.entered, self.visible) = (entered, visible)
    }

    /// Those whose root directory is what their path leads to, in the order of the table: none else can be opened.
    var reachable: [Mount] { mounts.indices.filter(visible.contains).map { mounts[$0] } }

    /// The mount of an id.
    subscript(identifier: UInt64) -> Mount? { mounts.first { $0.identifier == identifier } }

    /// What stands right on a mount, but not on its root.
    func mounts(on parent: Mount) -> [Mount] {
        (children[parent.identifier] ?? [:]).values.sorted().filter(entered.contains).map { mounts[$0] }
            .filter { $0.path != parent.path }
    }

    /// The mount that an absolute path without links leads to.
    func mount(at path: BytePath) -> Mount? {
        var found: Mount?
        var here = Self.outside
        let lineage = path.lineage
        // Each step goes to another mount, so there are no more of them than mounts.
        for _ in mounts.indices {
            guard let next = lineage.lazy.compactMap({ children[here]?[$0] }).first else { break }
            found = mounts[next]
            here = mounts[next].identifier
        }
        return found
    }

    private static func mount(_ line: ArraySlice<UInt8>) throws(SystemError) -> Mount {
        // id, parent, device, root, mount point, options, optional fields, "-", type, source, ...
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count > 6, let dash = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
            dash + 2 < fields.count,
            let identifier = UInt64(String(decoding: fields[0], as: UTF8.self)),
            let parent = UInt64(String(decoding: fields[1], as: UTF8.self)),
            let root = unescaped(fields[3]), let path = unescaped(fields[4]), path.bytes.first == UInt8(ascii: "/")
        else {
            let text = String(decoding: line.prefix(80), as: UTF8.self)
            throw SystemError("judging the machine's mounts by the line '\(text)'", code: EBADMSG)
        }
        return Mount(
            identifier: identifier,
            parent: parent,
            device: Array(fields[2]),
            root: root,
            path: path,
            type: String(decoding: fields[dash + 1], as: UTF8.self),
            source: String(decoding: fields[dash + 2], as: UTF8.self)
        )
    }

    /// Space, tab, newline and backslash stand as octal numbers: "\\040". Nil for a backslash that is none.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> BytePath? {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let digits = rest.prefix(3)
            guard digits.count == 3, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8), value != 0
            else {
                return nil
            }
            result.append(value)
            rest = rest.dropFirst(3)
        }
        return result.isEmpty ? nil : BytePath(result)
    }
}

/// The machine's mounts as they were read, and whether they still are so: an open mountinfo tells of a change (POLLPRI).
public final class MountWitness: Sendable {
    let file: FileDescriptor
    let table: MountTable

    /// Of the calling process's namespace.
    public init() throws(SystemError) {
        file = try FileDescriptor.open("/proc/self/mountinfo", O_RDONLY)
        let limit = 64 << 20
        let lines = try file.readAll(limit: limit)
        guard lines.count < limit else { throw SystemError("reading the machine's mounts", code: EFBIG) }
        table = try MountTable(lines)
    }
}
