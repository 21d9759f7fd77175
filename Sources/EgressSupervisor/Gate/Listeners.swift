// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import LinuxSystem

/// R's listeners, one per family and port, minted by the agent when a port is first wanted.
///
/// Until a port has one, its packets are dropped: a SYN is then neither refused nor accepted before it is judged.
final class Listeners: EventHandler {
    /// More ports than programs use, where descriptors are plenty: more than one program may hold connections to.
    static let maximum = 3072

    private let maximum: Int

    private let agent: Agent
    private let loop: EventLoop
    private unowned let connections: Connections
    private var byPort: [Port: (box: FileDescriptorBox, lastUse: UInt64)] = [:]
    private var uses: UInt64 = 0
    private var kept: [FileDescriptorBox] = []
    private var loopback: [SocketAddress: FileDescriptorBox] = [:]

    private struct Port: Hashable {
        let family: Int32
        let number: UInt16
    }

    /// - Parameter descriptors: how many the process may have open
    init(
        agent: Agent,
        loop: EventLoop,
        connections: Connections,
        descriptors: Int = ProcessSignal.descriptorLimit
    ) {
        maximum = min(Self.maximum, max(96, descriptors / 16 * 3))
        self.agent = agent
        self.loop = loop
        self.connections = connections
    }

    /// Adds a socket of W's loopback: a listener, or one that only keeps a UDP port.
    func add(loopback socket: consuming FileDescriptor) throws(SystemError) {
        let address = Socket.localAddress(socket.raw)
        let box = FileDescriptorBox(socket)
        guard Socket.isListening(box.raw), let address else { return kept.append(box) }
        try loop.add(box.raw, .readable, self)
        loopback[address] = box
    }

    /// The listener for a target in R; nil when none can be had.
    func listener(for remote: SocketAddress) -> Int32? {
        if let listener = loopback[remote] { return listener.raw }
        let port = Port(family: remote.family, number: remote.port)
        uses += 1
        if let listener = byPort[port] {
            byPort[port]?.lastUse = uses
            return listener.box.raw
        }
        guard byPort.count < maximum || makeRoom(),
            let minted = agent.mintListener(isIPv6: remote.family != SocketAddress.ipv4Family, port: remote.port)
        else { return nil }
        let box = FileDescriptorBox(FileDescriptor(owning: minted))
        do { try loop.add(box.raw, .readable, self) } catch { return nil }
        byPort[port] = (box, uses)
        return box.raw
    }

    /// Closes the listener that was wanted longest ago, among those that no held connection will be accepted at.
    private func makeRoom() -> Bool {
        let wanted = connections.wantedListeners
        let idle = byPort.filter { !wanted.contains($0.value.box.raw) }.min { $0.value.lastUse < $1.value.lastUse }
        guard let idle else { return false }
        loop.remove(idle.value.box.raw)
        byPort[idle.key] = nil
        return true
    }

    func handle(_ events: Events, on descriptor: Int32) {
        connections.acceptAll(from: descriptor)
    }
}

/// An owned descriptor that can stand in a collection.
final class FileDescriptorBox {
    private let descriptor: FileDescriptor

    /// The number.
    var raw: Int32 { descriptor.raw }

    init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }
}
