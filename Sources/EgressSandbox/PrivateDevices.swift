// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// What stands in the command's /dev: what every program needs and leads nowhere, its caller's terminal, and what was asked for.
public struct PrivateDevices: Sendable {
    /// A node, a directory of them, or a unix socket of the machine.
    struct Bound: Equatable, Sendable {
        /// In the command's view, below /dev, and in the machine's.
        var path, source: BytePath
        var isDirectory = false
    }

    /// A pseudo-terminal of the machine.
    struct PseudoTerminal: Equatable, Sendable {
        var source: BytePath
        var index: UInt32
    }

    var bound: [Bound] = []
    var links: [(path: BytePath, target: BytePath)] = [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"), ("/dev/ptmx", "pts/ptmx"),
    ]
    var terminals: [PseudoTerminal] = []

    /// Character devices that neither keep nor pass on anything, and that of the caller's own terminal.
    private static let harmless: [BytePath] = [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
    ]
    /// Made anew.
    private static let own: [BytePath] = ["/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/ptmx", "/dev/fd"]

    /// Why a device can't be given.
    public struct Unusable: Error, CustomStringConvertible {
        /// What is wrong, and what to do about it.
        public let description: String
    }

    /// What every command gets.
    public init() {
        self.init(nodes: Self.harmless.filter { $0.fileType() == S_IFCHR })
        addTerminals()
    }

    /// - Parameters:
    ///   - devices: what of the machine's /dev the command gets as well: character devices and directories of them
    ///   - sockets: unix sockets that the command may connect to; those in the machine's /dev are there as well
    /// - Throws: a device that is missing, or that can't be given
    public init(devices: [String], sockets: [String]) throws(Unusable) {
        self.init()
        for device in devices { try addDevice(device) }
        for socket in sockets.map({ BytePath($0) }) where socket.isBelow("/dev") { addSocket(socket) }
    }

    /// With these nodes only.
    init(nodes: [BytePath]) {
        bound = nodes.map { Bound(path: $0, source: $0) }
    }

    private mutating func add(_ entry: Bound) {
        guard !bound.contains(where: { entry.path.isBelow($0.path) }), !links.contains(where: { $0.path == entry.path })
        else { return }
        bound.removeAll { $0.path.isBelow(entry.path) }
        bound.append(entry)
    }

    /// The terminals among standard input, output and error, and the controlling one: by the names that they have outside.
    private mutating func addTerminals() {
        for number in 0...2 as ClosedRange<Int32> {
            // Whether a file is a terminal would be asked of its server.
            guard DescriptorKind(of: number)?.type == UInt32(S_IFCHR), isatty(number) == 1 else { continue }
            guard let path = linkBytes(BytePath("/proc/self/fd/\(number)")) else { continue }
            var status = stat()
            guard unsafe fstat(number, &status) == 0 else { continue }
            addTerminal(path, number: DescriptorKind.pseudoTerminal(number)) { found in
                found.st_dev == status.st_dev && found.st_ino == status.st_ino
            }
        }
        guard let controlling = try? FileDescriptor.open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK),
            let number = DescriptorKind.pseudoTerminal(controlling.raw)
        else { return }
        // Only the controlling terminal tells of its session.
        let path = "/dev/pts/\(number)"
        guard let terminal = try? FileDescriptor.open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK),
            tcgetsid(terminal.raw) == getsid(0)
        else { return }
        addTerminal(BytePath(path), number: number) { _ in true }
    }

    /// Only what is the very terminal that is meant: another instance of devpts(5) gives the same names.
    private mutating func addTerminal(_ path: BytePath, number: UInt32?, isMeant: (stat) -> Bool) {
        guard let found = path.status(), found.st_mode & S_IFMT == S_IFCHR, isMeant(found) else { return }
        if let number {
            guard path == BytePath("/dev/pts/\(number)"), number < Self.namedTerminals,
                !terminals.contains(where: { $0.index == number })
            else { return }
            terminals.append(PseudoTerminal(source: path, index: number))
        } else if path.rest(below: "/dev")?.dropFirst().contains(UInt8(ascii: "/")) == false {
            add(Bound(path: path, source: path))  // /dev/console, /dev/ttyS0
        }
    }

    /// EGRESS_MAX_TERMINAL_INDEX
    static let namedTerminals: UInt32 = 512

    private mutating func addDevice(_ text: String) throws(Unusable) {
        let path = BytePath(text)
        guard let rest = path.rest(below: "/dev"),
            rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().allSatisfy({
                !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
            })
        else {
            throw Unusable(
                description: "'\(text)' is no path below /dev (give a device as /dev/kvm, or a directory as /dev/dri)"
            )
        }
        guard !Self.own.contains(where: { $0 != "/dev" ? path.isBelow($0) : path == $0 }) else {
            throw Unusable(description: "'\(text)' is the command's own (other devices can be given)")
        }
        guard let real = realPath(text).map({ BytePath($0) }), let status = real.status() else {
            throw Unusable(description: "'\(text)': \(SystemError("").reason)")
        }
        let type = status.st_mode & S_IFMT
        guard type == S_IFCHR || type == S_IFDIR, real.isBelow("/dev"), real != "/dev" else {
            throw Unusable(
                description: "'\(text)' is no character device or directory of /dev (nothing else can be given)"
            )
        }
        add(Bound(path: path, source: real, isDirectory: type == S_IFDIR))
    }

    /// A link is made again, as /dev/log is one where systemd listens: what it leads to may be made anew.
    private mutating func addSocket(_ path: BytePath) {
        guard let rest = path.rest(below: "/dev"), !rest.isEmpty,
            !Self.own.contains(where: { $0 != "/dev" && path.isBelow($0) })
        else { return }
        let isDirect = !rest.dropFirst().contains(UInt8(ascii: "/"))
        if isDirect, let target = linkBytes(path) {
            if !links.contains(where: { $0.path == path }) { links.append((path, target)) }
        } else if path.fileType(followingLinks: true) == S_IFSOCK {
            add(Bound(path: path, source: path))
        }
    }
}
