// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Which paths of unix sockets the worker may connect to: those of sockets that are bound inside, and those that are named.
///
/// What is asked about is an open file and not its name, so nothing that becomes of the name meanwhile matters.
public final class UnixSockets {
    /// Why a file may be connected to.
    enum Judgement: Equatable {
        /// Somebody inside is bound to it, or it is no socket at all.
        case inside
        /// It is named, by this path.
        case named(String)
        /// Nobody that we know of listens there, as after a server's end.
        case abandoned
        /// It is none of these.
        case denied
    }

    /// A path that is named, with what it led to at the start, held open so that its number is not used again.
    private struct Named {
        let path: String
        let file: FileDescriptorBox?
    }

    /// Files that are remembered at a time.
    static let maximumKept = 64

    private let named: [Named]
    private var found: [FileIdentity: FileDescriptorBox] = [:]
    private let inside: UnixSocketTable
    private let process: Int32
    private let outside: UnixSocketTable?

    /// - Parameters:
    ///   - inside: a netlink socket of W, for sock_diag(7)
    ///   - process: a process that sees the worker's mounts
    ///   - paths: what is named; looked up now
    init(inside: consuming FileDescriptor, process: Int32, paths: [String]) {
        self.process = process
        self.inside = UnixSocketTable(netlink: inside)
        outside = try? .own()
        named = paths.map { path in
            let path = realPath(path) ?? path
            return Named(path: path, file: openPath(path))
        }
    }

    /// A struct sockaddr_un that leads to an open file, whatever its name is by now.
    static func address(of path: FileDescriptorBox) -> [UInt8] {
        NetlinkMessage.bytes(UInt16(AF_UNIX)) + Array("/proc/self/fd/\(path.raw)".utf8) + [0]
    }

    /// A path that leads nowhere is told as natively, one that may not be followed is refused.
    static func answer(to pathError: Int32?) -> Int32 {
        guard let code = pathError, [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG].contains(code) else { return EACCES }
        return code
    }

    /// Judges an open file.
    func judge(_ descriptor: Int32) -> Judgement {
        guard let file = FileIdentity(of: descriptor) else { return .denied }
        guard file.isSocket else { return .inside }
        if let path = named.first(where: { isNamed($0, file) })?.path { return .named(path) }
        if found[file] != nil { return .inside }
        // The table has 32 bits of an inode's number. A file system with longer ones may have given the worker a file that
        // looks there like one of the host's; so what the host has bound is never inside.
        let numbers = file.inKernel(descriptor, mountsOf: process) ?? file
        guard outside?.contains(numbers) == false, let isInside = inside.contains(numbers) else { return .denied }
        guard isInside else { return .abandoned }
        keep(descriptor, file)
        return .inside
    }

    /// Remembers a file that somebody inside is bound to. Nobody else can ever be bound to the same file, and as long as it
    /// is open its number is not used again.
    private func keep(_ descriptor: Int32, _ file: FileIdentity) {
        if found.count >= Self.maximumKept { found.removeAll() }
        found[file] = try? FileDescriptorBox(FileDescriptor.duplicate(of: descriptor))
    }

    /// One that was not there at the start is looked for now. It must be no link of any kind: who can write to its
    /// directory, as the worker may, could give any other socket its name.
    private func isNamed(_ named: Named, _ file: FileIdentity) -> Bool {
        if let held = named.file { return FileIdentity(of: held.raw) == file }
        guard let found = openPath(named.path) else { return false }
        return withExtendedLifetime(found) {
            guard let identity = FileIdentity(of: found.raw) else { return false }
            return identity == file && identity.links == 1
        }
    }
}

/// Opens a path without symbolic links (O_PATH).
private func openPath(_ path: String) -> FileDescriptorBox? {
    try? FileDescriptorBox(FileDescriptor.openWithoutLinks(path))
}
