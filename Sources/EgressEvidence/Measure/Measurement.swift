// SPDX-License-Identifier: Apache-2.0

public import EgressSandbox
import Glibc
public import LinuxSystem

/// What was measured, from outside, of a command that waits for its execve(2): by /proc and netlink, of the process itself.
public struct Measurement: Equatable, Sendable {
    /// The namespaces of the command, and of the calling process.
    public var worker, host: Namespaces
    /// The relay's network namespace.
    public var relayNetwork: UInt64
    /// The links there, and in the command's network namespace.
    public var relayLinks, workerLinks: [NetworkLink]
    /// The command's rights.
    public var status: ProcessStatus
    /// What its standard input, output and error are.
    public var descriptors: [StreamKind]
    /// How many filters are in force on the calling process, and so on all below it.
    public var hostFilters: Int64
    /// The digest of the program of the command's own filter.
    public var filterDigest: Digest
    /// What the command's Landlock domain denies, in words; empty where the kernel has none.
    public var landlock: [String]
}

extension Measurement {
    /// Measures a command. What it finds is not judged: `check(capabilities:)` does.
    public init(_ command: borrowing HeldCommand) throws(MeasurementError) {
        guard let worker = Namespaces(of: "\(command.pid)"), let host = Namespaces(of: "self") else {
            throw .failed(SystemError("looking at the namespaces in /proc/\(command.pid)/ns"))
        }
        guard let status = ProcessStatus(of: "\(command.pid)"), let own = ProcessStatus(of: "self") else {
            throw .failed(SystemError("reading /proc/\(command.pid)/status", code: EPROTO))
        }
        (self.worker, self.host, self.status) = (worker, host, status)
        descriptors = (0...2 as ClosedRange<Int32>).compactMap { StreamKind($0, of: command.pid) }
        guard descriptors.count == 3 else {
            throw .failed(SystemError("looking at the descriptors in /proc/\(command.pid)/fd", code: EPROTO))
        }
        hostFilters = own.seccompFilters
        filterDigest = Self.digest(of: command.filter)
        landlock = command.landlock
        do throws(SystemError) {
            let relay = try FileDescriptor.networkNamespace(ofSocket: command.relayLinks.raw)
            let inner = try FileDescriptor.networkNamespace(ofSocket: command.workerLinks.raw)
            relayNetwork = Namespaces.inode(of: relay.raw) ?? 0
            let innerNetwork = Namespaces.inode(of: inner.raw) ?? 0
            relayLinks = try Self.links(command.relayLinks, pairedWith: inner, called: "worker")
            workerLinks = try Self.links(command.workerLinks, pairedWith: relay, called: "relay")
            guard innerNetwork == worker.inodes["net"] else {
                throw SystemError("asking for the links of the command's own network namespace", code: EXDEV)
            }
        } catch {
            throw .failed(error)
        }
        // Only now is it sure that all of it was of this process.
        var entry = pollfd(fd: command.process.raw, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 0) == 0 else {
            throw .failed(SystemError("measuring the command (it ended)", code: ESRCH))
        }
    }

    private static func links(
        _ netlink: borrowing FileDescriptor,
        pairedWith other: borrowing FileDescriptor,
        called name: String
    ) throws(SystemError) -> [NetworkLink] {
        let table = LinkTable(netlink)
        let number = try table.number(of: other.raw)
        return try table.links().map { link in
            var link = link
            if link.kind == "veth" {
                link.peer = link.peerNamespace != nil && link.peerNamespace == number ? name : "unknown"
            }
            return link
        }
    }

    /// Of the instructions as struct sock_filter has them in memory: code, jt, jf and k, in host order.
    static func digest(of filter: [BPFProgram.Instruction]) -> Digest {
        var bytes: [UInt8] = []
        for instruction in filter {
            bytes += NetlinkMessage.bytes(instruction.code) + [instruction.ifTrue, instruction.ifFalse]
            bytes += NetlinkMessage.bytes(instruction.operand)
        }
        return SHA256.digest(of: bytes)
    }

    /// Throws what of it contradicts that the command is held.
    ///
    /// - Parameter allowed: the capabilities that it may keep, as a mask
    public func check(capabilities allowed: UInt64) throws(MeasurementError) {
        for kind in Namespaces.kinds where worker.inodes[kind] == host.inodes[kind] {
            throw .contradicted("its \(kind) namespace is this machine's")
        }
        guard relayNetwork != 0, relayNetwork != host.inodes["net"], relayNetwork != worker.inodes["net"] else {
            throw .contradicted("the relay has no network namespace of its own")
        }
        try Self.checkLinks(relayLinks, peer: "worker", of: "the relay")
        try Self.checkLinks(workerLinks, peer: "relay", of: "the command")
        guard status.seccompMode == 2 else {
            throw .contradicted("its seccomp mode is \(status.seccompMode), and a filter (2) is needed")
        }
        guard status.seccompFilters == hostFilters + 1 else {
            throw .contradicted(
                "it has \(status.seccompFilters) seccomp filters, and one more than egress-run's \(hostFilters) is expected"
            )
        }
        guard status.noNewPrivileges else { throw .contradicted("no_new_privs is not set") }
        let kept = status.permitted | status.effective | status.bounding
        guard kept & ~allowed == 0, status.inheritable | status.ambient == 0 else {
            throw .contradicted("it has capabilities that it must not have")
        }
    }

    /// What is down leads nowhere: where the kernel has modules for tunnels, every namespace has one of each kind that is.
    private static func checkLinks(
        _ links: [NetworkLink],
        peer: String,
        of whom: String
    ) throws(MeasurementError) {
        let up = links.filter { $0.isUp && $0.kind != "loopback" }
        guard up.count == 1, up[0].kind == "veth", up[0].peer == peer else {
            let list = up.map { "\($0.name) (\($0.kind))" }.joined(separator: ", ")
            throw .contradicted(
                "the links of \(whom) are \(list.isEmpty ? "none" : list), and one to the \(peer) alone is expected"
            )
        }
    }
}
