// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Which paths of unix sockets the worker may connect to: those of sockets that were bound inside, and those that are named.
///
/// What is asked about is an open file and not its name, so nothing that becomes of the name meanwhile matters; and it is
/// the kernel's own object and not its number, which may come again (`FileSets`). What isn't shown to be inside is outside.
public final class UnixSockets {
    /// Why a file may be connected to.
    enum Judgement: Equatable {
        /// Somebody inside is bound to it, or it is no socket at all.
        case inside
        /// It is named, by this path.
        case named(String)
        /// Nobody that we know of listens there, as after a server's end: what connect(2) would say.
        case abandoned(Int32)
        /// It is none of these.
        case denied
    }

    /// Named paths, whether each was found, and of others whether they are looked for again.
    private var named: [(path: String, isFound: Bool, comes: Bool)] = []
    private let process: Int32
    private let outside: UnixSocketTable?

    /// - Parameters:
    ///   - process: a process that sees the worker's mounts
    ///   - paths: what is named; looked up now, with what it leads to, which is then known whatever it is called
    init(process: Int32, paths: [String]) throws(SystemError) {
        self.process = process
        outside = try? .own()
        try FileSets.start()
        for (index, path) in paths.enumerated() {
            let path = realPath(path) ?? path, file = openPath(path)
            if let file { try FileSets.name(file.raw, index) }
            named.append((path, file != nil, file == nil && Self.isMadeByOthersAlone(path)))
        }
    }

    /// Learns what has to be known of the worker's mounts before a path is looked at.
    func prepare() {
        FileSets.learnMounts(of: process)
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

    /// Judges an open file by what a notice knows of it.
    func judge(_ descriptor: Int32, _ noticed: SocketFile) -> Judgement {
        guard noticed.isSocket else { return .inside }
        let known = noticed.isSlow ? noticed : SocketFile(of: descriptor)
        if let name = known.name, named.indices.contains(name) { return .named(named[name].path) }
        if known.isInside { return .inside }
        if !known.isSlow, let path = findLate(descriptor) { return .named(path) }
        guard let file = FileIdentity(of: descriptor) else { return .denied }
        // Only for what is told: either way nothing is connected. Nobody's file is as one whose server has ended.
        let numbers = file.inKernel(descriptor, mountsOf: process) ?? file
        return outside?.contains(numbers) == false ? .abandoned(known.isLocked ? EACCES : ECONNREFUSED) : .denied
    }

    /// Named paths where nothing is yet, and where nothing that comes later will be found.
    var unfindable: [String] { named.filter { !$0.isFound && !$0.comes }.map(\.path) }

    /// True if the directory of a path is there, and the command, whose ids we have, may not write to it: who may can give any
    /// socket that name (rename(2), link(2)).
    private static func isMadeByOthersAlone(_ path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
        let directory = String(path[..<slash])
        // With the effective ids (AT_EACCESS).
        return unsafe faccessat(AT_FDCWD, directory, F_OK, 0x200) == 0
            && faccessat(AT_FDCWD, directory, W_OK, 0x200) != 0
    }

    /// A path that was not there at the start is looked for now. It must be no link of any kind.
    private func findLate(_ descriptor: Int32) -> String? {
        for index in named.indices where !named[index].isFound && named[index].comes {
            // Who asks has just looked it up: what is not in the cache is another file.
            guard let found = openPath(named[index].path, isCached: true),
                let identity = FileIdentity(of: found.raw), identity.links == 1,
                identity == FileIdentity(of: descriptor),
                (try? FileSets.name(found.raw, index, isLocal: true)) != nil
            else { continue }
            named[index].isFound = true
            if SocketFile(of: descriptor).name == index { return named[index].path }
        }
        return nil
    }
}

/// Opens a path without symbolic links (O_PATH).
private func openPath(_ path: String, isCached: Bool = false) -> FileDescriptorBox? {
    try? FileDescriptorBox(FileDescriptor.openWithoutLinks(path, isCached: isCached))
}
