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

    /// Named paths, by their place in what is told of a file (`SocketFile.name`).
    private var named: [String] = []
    /// Those where nothing was at the start. Nothing that comes later is found there: who can move files could give any
    /// other socket that name.
    private(set) var unfindable: [String] = []
    private let process: Int32
    private let outside: UnixSocketTable?

    /// - Parameters:
    ///   - process: a process that sees the worker's mounts
    ///   - paths: what is named; looked up now, with what it leads to, which is then known whatever it is called
    init(process: Int32, paths: [String]) throws(SystemError) {
        self.process = process
        outside = try? .own()
        try FileSets.start(names: !paths.isEmpty)
        for (index, path) in paths.enumerated() {
            let path = realPath(path) ?? path
            named.append(path)
            guard let file = openPath(path) else {
                unfindable.append(path)
                continue
            }
            try FileSets.name(file.raw, index)
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
        if let name = known.name, named.indices.contains(name) { return .named(named[name]) }
        if known.isInside { return .inside }
        guard let file = FileIdentity(of: descriptor) else { return .denied }
        // Only for what is told: either way nothing is connected. Nobody's file is as one whose server has ended.
        let numbers = file.inKernel(descriptor, mountsOf: process) ?? file
        return outside?.contains(numbers) == false ? .abandoned(known.isLocked ? EACCES : ECONNREFUSED) : .denied
    }
}

/// Opens a path without symbolic links (O_PATH).
private func openPath(_ path: String) -> FileDescriptorBox? {
    try? FileDescriptorBox(FileDescriptor.openWithoutLinks(path))
}
