// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// A connection between its SYN and its relay.
final class HeldConnection: EventHandler {
    /// How far it is.
    enum State {
        /// The upstream connection is being made.
        case connecting
        /// It is made.
        case connected
        /// And the SYN was put in.
        case released
        /// The target did not answer: nor do we.
        case silent
    }

    let packet: CapturedPacket
    /// Tells a retransmission from another attempt.
    let sequence: UInt32
    let zone: Zone
    /// Where it will be accepted.
    let listener: Int32
    let judgement: Gate.Judgement
    /// Whose it is, if that is known.
    let program: Int32?
    var state = State.connecting
    var upstream: FileDescriptorBox?
    /// True while `upstream` is registered with the loop.
    var isWaiting = false
    /// The worker's end, when it came before its time.
    var accepted: FileDescriptorBox?
    /// When it is given up, in monotonic nanoseconds.
    var deadline: UInt64?
    private let start: UInt64
    var onReady: ((HeldConnection) -> Void)?

    init(
        packet: CapturedPacket,
        sequence: UInt32,
        zone: Zone,
        listener: Int32,
        judgement: Gate.Judgement,
        program: Int32?,
        now: UInt64
    ) {
        start = now
        self.program = program
        self.packet = packet
        self.sequence = sequence
        self.zone = zone
        self.listener = listener
        self.judgement = judgement
    }

    /// When a worker that sends no further SYN after `now` has given up: it repeats one after a second, and then after twice
    /// the time at most (RFC 6298, section 5.5). A dead target must not fill the table with what nobody waits for.
    func abandoned(at now: UInt64) -> UInt64 {
        now + (now - start) + 3_000_000_000
    }

    func handle(_ events: Events, on descriptor: Int32) {
        onReady?(self)
    }
}
