// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import LinuxSystem

/// UDP: for each pair of ends a socket of the host, connected to the judged address, until it is idle.
///
/// What is denied is answered with ICMP port unreachable at once, so that a program falls back instead of waiting.
@safe final class Datagrams {
    /// Flows at a time, where descriptors are plenty.
    static let maximum = 4096
    /// RFC 4787, REQ-5: a mapping lives for two minutes or more.
    static let idleTimeout: UInt64 = 120_000_000_000
    /// How often idle flows are looked for, in nanoseconds.
    static let sweepInterval: UInt64 = 1_000_000_000
    /// A flow that is idle for this long makes room for a new one when the table is full.
    static let spareAfter: UInt64 = 250_000_000
    /// After this time without a datagram of the worker's it is asked again whose the port is, which takes some 20 µs.
    static let askAgain: UInt64 = 1_000_000

    private let gate: Gate
    private let loop: EventLoop
    private let maximum: Int
    private var flows: [FlowKey: DatagramFlow] = [:]
    /// A quarter of the table for one address, half of it for one program, or for all whose program is not known.
    private var byAddress: Shares<IPAddress>
    private var byProgram: Shares<Int32?>
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)

    /// - Parameter descriptors: how many the process may have open, of which a quarter may be for flows
    init(gate: Gate, loop: EventLoop, descriptors: Int = ProcessSignal.descriptorLimit) {
        maximum = min(Self.maximum, max(64, descriptors / 4))
        byAddress = Shares(maximum: maximum / 4)
        byProgram = Shares(maximum: maximum / 2)
        self.gate = gate
        self.loop = loop
    }

    deinit {
        unsafe buffer.deallocate()
    }

    /// When `tick` has to be called: now and then while there are flows, as going through all for every event would cost.
    private(set) var nextDeadline: UInt64?

    /// Ends flows that are idle.
    func tick(now: UInt64) {
        guard let due = nextDeadline, due <= now else { return }
        for flow in flows.values where flow.lastUse + Self.idleTimeout <= now { finish(flow) }
        nextDeadline = flows.isEmpty ? nil : now + Self.sweepInterval
    }

    /// Ends all flows.
    func finishAll() {
        for flow in flows.values { finish(flow) }
    }

    /// A datagram of the worker's was caught.
    func receive(_ packet: CapturedPacket, payload: Range<Int>, from zone: Zone, now: UInt64) {
        if let flow = flows[packet.key], !isSameSender(flow, now) { finish(flow) }
        guard let flow = flows[packet.key] ?? open(packet, zone, now) else {
            let answer = InjectedPacket.unreachable(.port, packet.key, original: packet.bytes[...])
            return zone.inject(answer, to: packet.key.worker)
        }
        flow.lastUse = now
        flow.lastSent = now
        flow.lastPacket = packet.bytes[..<min(packet.bytes.count, 128)]
        send(packet.bytes[payload], on: flow)
    }

    /// False if the program that is told of may not be the one that sends: a port can be used again.
    private func isSameSender(_ flow: DatagramFlow, _ now: UInt64) -> Bool {
        if let last = gate.callers.lastSocket(of: flow.key), last != flow.connected { return false }
        guard let known = flow.note?.socket else { return true }
        return flow.lastSent + Self.askAgain > now || gate.callers.socket(flow.key.worker) == known
    }

    private func send(_ payload: ArraySlice<UInt8>, on flow: DatagramFlow) {
        switch unsafe payload.withUnsafeBytes({ unsafe Socket.send(flow.socket.raw, $0) }) {
        case .bytes(let count): flow.sent += UInt64(count)
        // UDP may lose what there is no room for.
        case .wouldBlock, .end: break
        case .failed(let code): tell(code, flow)
        }
    }

    private func open(_ packet: CapturedPacket, _ zone: Zone, _ now: UInt64) -> DatagramFlow? {
        let remote = packet.key.remote
        let note = gate.callers.note(of: packet.key, .udp), caller = note?.caller
        let judgement = gate.admit(remote, .udp, caller: caller, now: now)
        guard judgement.verdict.isAllowed else { return nil }
        if let bound = makeRoom(for: remote.address.canonical, note?.program, now) {
            gate.refuse(remote, .udp, bound, caller: caller)
            return nil
        }
        do {
            let socket = try Socket.make(remote.family, Socket.datagram)
            let result = Socket.connect(socket.raw, to: remote)
            guard result == 0 else { throw SystemError("connecting a datagram socket", code: result) }
            let flow = DatagramFlow(
                key: packet.key,
                socket: FileDescriptorBox(socket),
                zone: zone,
                judgement: judgement,
                note: note,
                connected: gate.callers.lastSocket(of: packet.key)
            )
            flow.onReady = { [unowned self] flow in receive(flow) }
            try loop.add(flow.socket.raw, .readable, flow)
            flows[packet.key] = flow
            byAddress.take(remote.address.canonical)
            byProgram.take(note?.program)
            if nextDeadline == nil { nextDeadline = now + Self.sweepInterval }
            return flow
        } catch {
            gate.refuse(remote, .udp, "\(error)")
            return nil
        }
    }

    /// Makes room for a flow to an address, of a program, by ending an idle one of those that take up the room; which bound
    /// is reached if there is none.
    private func makeRoom(for address: IPAddress, _ program: Int32?, _ now: UInt64) -> String? {
        if !byAddress.hasRoom(for: address) {
            let isSpared = spare(now) { $0.key.remote.address.canonical == address }
            return isSpared ? nil : "too many flows of datagrams to this address"
        }
        if !byProgram.hasRoom(for: program) {
            let whose = program == nil ? "programs that are not known" : "this program"
            return spare(now) { $0.note?.program == program } ? nil : "too many flows of datagrams of \(whose)"
        }
        guard flows.count >= maximum else { return nil }
        return spare(now) { _ in true } ? nil : "too many flows of datagrams"
    }

    private func spare(_ now: UInt64, _ isCandidate: (DatagramFlow) -> Bool) -> Bool {
        let idlest = flows.values.lazy.filter(isCandidate).min { $0.lastUse < $1.lastUse }
        guard let idlest, idlest.lastUse + Self.spareAfter <= now else { return false }
        finish(idlest)
        return true
    }

    /// Something came from the other side.
    private func receive(_ flow: DatagramFlow) {
        for _ in 0..<64 {
            let count = unsafe recv(flow.socket.raw, buffer.baseAddress, buffer.count, 0)
            guard count >= 0 else {
                if errno != EAGAIN, errno != EINTR { tell(errno, flow) }
                return
            }
            flow.received += UInt64(count)
            flow.lastUse = monotonicNow()
            let payload = unsafe Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            guard let packet = InjectedPacket.datagram(flow.key, payload: payload[...]) else { continue }
            flow.zone.inject(packet, to: flow.key.worker)
        }
    }

    /// Passes an error of the network on, as the worker would have had it.
    private func tell(_ code: Int32, _ flow: DatagramFlow) {
        let reason: InjectedPacket.Unreachable
        switch code {
        case ECONNREFUSED: reason = .port
        case ENETUNREACH: reason = .network
        case EHOSTUNREACH: reason = .host
        case EACCES, EPERM: reason = .prohibited
        default: return
        }
        let packet = InjectedPacket.unreachable(reason, flow.key, original: flow.lastPacket)
        flow.zone.inject(packet, to: flow.key.worker)
    }

    private func finish(_ flow: DatagramFlow) {
        guard flows.removeValue(forKey: flow.key) != nil else { return }
        byAddress.giveBack(flow.key.remote.address.canonical)
        byProgram.giveBack(flow.note?.program)
        loop.remove(flow.socket.raw)
        gate.close(flow.key.remote, .udp, flow.judgement, sent: flow.sent, received: flow.received)
    }
}

/// One pair of ends that exchange datagrams.
final class DatagramFlow: EventHandler {
    let key: FlowKey
    let socket: FileDescriptorBox
    let zone: Zone
    let judgement: Gate.Judgement
    /// Who connected its socket, if that is known.
    let note: Callers.Note?
    /// The socket that was last connected with these ends when the flow began.
    let connected: UInt64?
    var sent: UInt64 = 0
    var received: UInt64 = 0
    /// Monotonic nanoseconds.
    var lastUse: UInt64 = 0
    /// Likewise, of the worker's last datagram.
    var lastSent: UInt64 = 0
    /// The start of the worker's last packet, for ICMP to quote.
    var lastPacket: ArraySlice<UInt8> = []
    var onReady: ((DatagramFlow) -> Void)?

    init(
        key: FlowKey,
        socket: FileDescriptorBox,
        zone: Zone,
        judgement: Gate.Judgement,
        note: Callers.Note?,
        connected: UInt64?
    ) {
        self.note = note
        self.connected = connected
        self.key = key
        self.socket = socket
        self.zone = zone
        self.judgement = judgement
    }

    func handle(_ events: Events, on descriptor: Int32) {
        onReady?(self)
    }
}
