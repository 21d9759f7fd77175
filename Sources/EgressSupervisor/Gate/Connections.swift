// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem

/// TCP connections from the captured SYN to the relay.
///
/// A SYN is held by its listener's filter while the gate judges it and the upstream connection is made; then it is put in
/// once more, released, and the worker's kernel sees the handshake that it would have seen without us. A refusal or an
/// unreachable network comes back as the packet that a router or the target would have sent; a target that doesn't answer
/// stays silent, and the worker's own retries run into its own time-out.
///
/// ## Concurrency
/// All of it runs on the loop's thread.
final class Connections {
    /// SYNs that are held at a time, where descriptors are plenty; one more is refused.
    static let maximumHeld = 4096
    /// How long a released SYN may take to be accepted, in nanoseconds. A worker that gave up sends nothing.
    static let acceptTimeout: UInt64 = 1_000_000_000
    /// How often what had its time is looked for, in nanoseconds.
    static let sweepInterval: UInt64 = 250_000_000
    /// How long a SYN is remembered whose upstream timed out: its retransmissions must not start another attempt.
    static let silence: UInt64 = 10_000_000_000

    private let gate: Gate
    private let loop: EventLoop
    private let relay: Relay
    private var held: [FlowKey: HeldConnection] = [:]
    /// A quarter of the table for one address, half of it for one program: a target that doesn't answer fills no more.
    private var byAddress: Shares<IPAddress>
    private var byProgram: Shares<Int32?>
    private let maximum: Int
    private let reserve = ReserveDescriptor()
    /// Set right after this is made: each needs the other.
    var listeners: Listeners?

    /// - Parameter descriptors: how many the process may have open, of which a quarter may be for what is held
    init(gate: Gate, loop: EventLoop, relay: Relay, descriptors: Int = ProcessSignal.descriptorLimit) {
        maximum = min(Self.maximumHeld, max(64, descriptors / 4))
        byAddress = Shares(maximum: maximum / 4)
        byProgram = Shares(maximum: maximum / 2)
        self.gate = gate
        self.loop = loop
        self.relay = relay
    }

    /// When `tick` has to be called: now and then while anything is held, as going through all for every event would cost.
    private(set) var nextDeadline: UInt64?

    /// Listeners at which a held connection will be accepted.
    var wantedListeners: Set<Int32> { Set(held.values.lazy.map(\.listener)) }

    /// Gives up what had its time.
    func tick(now: UInt64) {
        guard let due = nextDeadline, due <= now else { return }
        for (key, connection) in held where connection.deadline.map({ $0 <= now }) == true {
            forget(key)
        }
        nextDeadline = held.isEmpty ? nil : now + Self.sweepInterval
    }

    /// A SYN was caught.
    func receive(_ packet: CapturedPacket, sequence: UInt32, from zone: Zone, now: UInt64) {
        if let connection = held[packet.key] {
            guard connection.sequence != sequence else {
                // A retransmission. If it was released already, the release was lost or the listener's queue was full.
                if connection.state == .released { release(connection, now: now) }
                if connection.state == .connecting { connection.deadline = connection.abandoned(at: now) }
                return
            }
            // The port was used again for another attempt.
            forget(packet.key)
        }
        let note = gate.callers.note(of: packet.key, .tcp)
        let caller = note?.caller
        if let bound = fullBound(packet.key.remote.address.canonical, note?.program) {
            gate.refuse(packet.key.remote, .tcp, bound, caller: caller)
            return refuse(packet, sequence, zone)
        }
        let judgement = gate.admit(packet.key.remote, .tcp, caller: caller, now: now)
        guard judgement.verdict.isAllowed else { return refuse(packet, sequence, zone) }
        guard let listener = listeners?.listener(for: packet.key.remote) else {
            gate.refuse(packet.key.remote, .tcp, "no listener can be had for the port", caller: caller)
            return refuse(packet, sequence, zone)
        }
        connect(
            HeldConnection(
                packet: packet,
                sequence: sequence,
                zone: zone,
                listener: listener,
                judgement: judgement,
                program: note?.program,
                now: now
            ),
            now: now
        )
    }

    /// Which bound keeps one more connection to an address, of a program, from being held.
    private func fullBound(_ address: IPAddress, _ program: Int32?) -> String? {
        if held.count >= maximum { return "too many connections are waiting" }
        if !byAddress.hasRoom(for: address) { return "too many connections to this address are waiting" }
        if !byProgram.hasRoom(for: program) { return "too many connections of this program are waiting" }
        return relay.hasRoom(for: program) ? nil : "too many connections of this program are open"
    }

    /// Connections wait at a listener.
    func acceptAll(from listener: Int32) {
        while acceptOne(from: listener) {}
    }

    /// Accepts the connection that waits longest; false if none waits.
    @discardableResult
    private func acceptOne(from listener: Int32) -> Bool {
        do {
            guard let (number, peer) = try Socket.accept(listener) else { return false }
            accept(FileDescriptor(owning: number), from: peer)
            return true
        } catch {
            // Out of descriptors. What waits would stay readable for ever: it is refused with one kept in reserve.
            guard let remote = reserve.spend(on: listener) else { return false }
            gate.refuse(remote, .tcp, error.description)
            return true
        }
    }

    // MARK: Upstream

    private func connect(_ connection: HeldConnection, now: UInt64) {
        let remote = connection.packet.key.remote
        do {
            let socket = try Socket.make(remote.family, Socket.stream)
            Socket.set(socket.raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            Socket.set(socket.raw, SOL_SOCKET, SO_KEEPALIVE, 1)
            let result = Socket.connect(socket.raw, to: remote)
            guard result == 0 || result == EINPROGRESS else { return fail(connection, code: result, now: now) }
            hold(connection)
            connection.onReady = { [unowned self] connection in upstreamIsReady(connection, now: monotonicNow()) }
            // On loopback the handshake is over when connect(2) returns; elsewhere wait for it.
            let isConnected = result == 0 || Socket.isConnected(socket.raw)
            let isOver = isConnected || Socket.isWritable(socket.raw)
            connection.upstream = FileDescriptorBox(socket)
            if isConnected { return upstreamIsConnected(connection, now: now) }
            if isOver { return upstreamIsReady(connection, now: now) }
            if let upstream = connection.upstream { try loop.add(upstream.raw, .writable, connection) }
            connection.isWaiting = true
            connection.deadline = connection.abandoned(at: now)
            nextDeadline = min(nextDeadline ?? .max, now + Self.sweepInterval)
        } catch {
            forget(connection.packet.key)
            gate.refuse(remote, .tcp, error.description)
            refuse(connection.packet, connection.sequence, connection.zone)
        }
    }

    private func upstreamIsReady(_ connection: HeldConnection, now: UInt64) {
        guard let upstream = connection.upstream else { return }
        stopWaiting(connection)
        let code = Socket.takeError(upstream.raw)
        guard code == 0 else { return fail(connection, code: code, now: now) }
        upstreamIsConnected(connection, now: now)
    }

    private func upstreamIsConnected(_ connection: HeldConnection, now: UInt64) {
        connection.state = .connected
        // A forged TTL let the worker in before; then there is nothing to release.
        if let accepted = connection.accepted { return join(connection, accepted, now: now) }
        release(connection, now: now)
        // The handshake with the worker is over when the packet is in. One is accepted: to ask for another costs as much,
        // and the loop tells if there is one.
        acceptOne(from: connection.listener)
    }

    private func release(_ connection: HeldConnection, now: UInt64) {
        connection.state = .released
        setDeadline(of: connection, now + Self.acceptTimeout, now: now)
        let packet = InjectedPacket.released(connection.packet, ttl: PacketFilters.releasedTTL)
        connection.zone.inject(packet, to: connection.packet.key.remote)
    }

    /// Says what the network would have said.
    private func fail(_ connection: HeldConnection, code: Int32, now: UInt64) {
        let (key, packet, zone) = (connection.packet.key, connection.packet, connection.zone)
        let unreachable: InjectedPacket.Unreachable
        switch code {
        case ETIMEDOUT:
            connection.state = .silent
            setDeadline(of: connection, now + Self.silence, now: now)
            connection.upstream = nil
            hold(connection)
            return
        case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT: unreachable = .network
        case EHOSTUNREACH, EHOSTDOWN: unreachable = .host
        case EACCES, EPERM: unreachable = .prohibited
        default:
            forget(key)
            return refuse(packet, connection.sequence, zone)
        }
        forget(key)
        zone.inject(InjectedPacket.unreachable(unreachable, key, original: packet.bytes[...]), to: key.worker)
    }

    private func refuse(_ packet: CapturedPacket, _ sequence: UInt32, _ zone: Zone) {
        zone.inject(InjectedPacket.reset(packet.key, sequence: sequence), to: packet.key.worker)
    }

    // MARK: The worker's side

    /// The second judgement: whatever became of the SYN, nothing is relayed that the gate doesn't allow now, to the
    /// address that the kernel says the worker connected to.
    private func accept(_ socket: consuming FileDescriptor, from peer: SocketAddress) {
        let now = monotonicNow()
        guard let local = Socket.localAddress(socket.raw) else { return Socket.resetOnClose(socket.raw) }
        guard gate.judge(local, .tcp, now: now).verdict.isAllowed else {
            // A forged TTL, which nobody was told of yet, or a pin that expired meanwhile.
            _ = gate.admit(local, .tcp, now: now)
            return Socket.resetOnClose(socket.raw)
        }
        guard let connection = held[FlowKey(worker: peer, remote: local)], connection.accepted == nil else {
            return Socket.resetOnClose(socket.raw)
        }
        let accepted = FileDescriptorBox(socket)
        switch connection.state {
        case .released, .connected: join(connection, accepted, now: now)
        case .connecting: connection.accepted = accepted
        case .silent: Socket.resetOnClose(accepted.raw)
        }
    }

    private func join(_ connection: HeldConnection, _ accepted: FileDescriptorBox, now: UInt64) {
        let key = connection.packet.key
        drop(key)
        guard let upstream = connection.upstream else { return Socket.resetOnClose(accepted.raw) }
        relay.join(
            worker: accepted,
            upstream: upstream,
            remote: key.remote,
            judgement: connection.judgement,
            program: connection.program
        )
    }

    // MARK: Table

    private func hold(_ connection: HeldConnection) {
        let key = connection.packet.key
        guard held.updateValue(connection, forKey: key) == nil else { return }
        byAddress.take(key.remote.address.canonical)
        byProgram.take(connection.program)
    }

    @discardableResult
    private func drop(_ key: FlowKey) -> HeldConnection? {
        guard let connection = held.removeValue(forKey: key) else { return nil }
        byAddress.giveBack(key.remote.address.canonical)
        byProgram.giveBack(connection.program)
        return connection
    }

    private func setDeadline(of connection: HeldConnection, _ deadline: UInt64, now: UInt64) {
        connection.deadline = deadline
        if nextDeadline == nil { nextDeadline = now + Self.sweepInterval }
    }

    private func stopWaiting(_ connection: HeldConnection) {
        guard connection.isWaiting, let upstream = connection.upstream else { return }
        loop.remove(upstream.raw)
        connection.isWaiting = false
    }

    private func forget(_ key: FlowKey) {
        guard let connection = drop(key) else { return }
        stopWaiting(connection)
        if let upstream = connection.upstream { Socket.resetOnClose(upstream.raw) }
        if let accepted = connection.accepted { Socket.resetOnClose(accepted.raw) }
    }
}
