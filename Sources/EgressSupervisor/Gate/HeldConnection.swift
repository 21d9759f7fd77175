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
    var state = State.connecting
    var upstream: FileDescriptorBox?
    /// True while `upstream` is registered with the loop.
    var isWaiting = false
    /// The worker's end, when it came before its time.
    var accepted: FileDescriptorBox?
    /// Monotonic nanoseconds; nil while the kernel keeps the time of connecting.
    var deadline: UInt64?
    var onReady: ((HeldConnection) -> Void)?

    init(packet: CapturedPacket, sequence: UInt32, zone: Zone, listener: Int32, judgement: Gate.Judgement) {
        self.packet = packet
        self.sequence = sequence
        self.zone = zone
        self.listener = listener
        self.judgement = judgement
    }

    func handle(_ events: Events, on descriptor: Int32) {
        onReady?(self)
    }
}
