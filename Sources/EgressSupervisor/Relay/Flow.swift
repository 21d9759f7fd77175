// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// One relayed TCP connection: two sockets, a direction each way.
///
/// What one side does, the other sees: an end of file becomes a shutdown(2), a reset a reset, and a side that doesn't read
/// stops the one that writes. Each direction holds at most one chunk.
///
/// Events are edge-triggered: a direction goes on until the kernel has nothing to read or no room, and is called again
/// when that changes.
final class Flow: EventHandler {
    static let interest: Events = [.readable, .writable, .readHangup, .edgeTriggered]

    let worker, upstream: FileDescriptorBox
    let remote: SocketAddress
    let judgement: Gate.Judgement
    /// Whose it is, if that is known.
    let program: Int32?
    private(set) var outward = Direction()
    private(set) var inward = Direction()
    private unowned let relay: Relay
    private var isOver = false
    private var isCalledAgain = false

    /// One way of a flow.
    struct Direction {
        /// Bytes moved.
        var count: UInt64 = 0
        /// Bytes that were read and did not fit.
        var pending: [UInt8] = []
        /// How many of them are written.
        var written = 0
        /// Nothing more comes.
        var isEnded = false
        /// And the other side was told.
        var isClosed = false
        /// Whether a read may give something, a write may take something.
        var canRead = true, canWrite = true

        /// How many bytes were read and are not written.
        var waiting: Int { pending.count - written }
    }

    private enum Outcome {
        case waits, turnIsOver, failed
    }

    init(
        worker: FileDescriptorBox,
        upstream: FileDescriptorBox,
        remote: SocketAddress,
        judgement: Gate.Judgement,
        program: Int32?,
        relay: Relay
    ) {
        self.program = program
        self.worker = worker
        self.upstream = upstream
        self.remote = remote
        self.judgement = judgement
        self.relay = relay
    }

    /// True when the worker sends nothing more and all it sent is written.
    var isWorkerDone: Bool { outward.isClosed || isOver }

    /// Bytes of the worker's that the other side has acknowledged.
    var acknowledged: UInt64 {
        outward.count &- UInt64(outward.waiting) &- UInt64(Socket.unacknowledged(upstream.raw))
    }

    /// Bytes of the worker's that are not handed to the kernel; those that its own kernel still holds are not known.
    var untaken: UInt64 { UInt64(outward.waiting + Socket.unread(worker.raw)) }

    /// Bytes of the worker's that a reset would take from the other side.
    var left: UInt64 { untaken + UInt64(Socket.unacknowledged(upstream.raw)) }

    func handle(_ events: Events, on descriptor: Int32) {
        guard !isOver else { return }
        if descriptor < 0 { isCalledAgain = false }
        if descriptor == worker.raw {
            note(events, reads: &outward, writes: &inward)
        } else if descriptor == upstream.raw {
            note(events, reads: &inward, writes: &outward)
        }
        // A reset after the end of file: no read is left that would tell of it, and maybe no write for a long time.
        let isReadToTheEnd = descriptor == worker.raw ? outward.isEnded : inward.isEnded
        if descriptor >= 0, events.contains(.error), isReadToTheEnd { return abort() }
        let first = move(&outward, from: worker.raw, to: upstream.raw, isLast: inward.isClosed)
        let second =
            first == .failed ? .failed : move(&inward, from: upstream.raw, to: worker.raw, isLast: outward.isClosed)
        if first == .failed || second == .failed {
            abort()
        } else if outward.isClosed, inward.isClosed {
            end()
        } else if first == .turnIsOver || second == .turnIsOver, !isCalledAgain {
            isCalledAgain = true
            relay.loop.callAgain(self)
        }
    }

    /// Ends both sides with a reset.
    func abort() {
        Socket.resetOnClose(worker.raw)
        Socket.resetOnClose(upstream.raw)
        end()
    }

    /// Ends both sides because the worker is gone: as the kernel would, unless something of the worker's is left. That must
    /// not look like all of it.
    func close() {
        if untaken > 0 { abort() } else { end() }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        relay.finish(self)
    }

    private func note(_ events: Events, reads: inout Direction, writes: inout Direction) {
        if !events.isDisjoint(with: [.readable, .readHangup, .hangup, .error]) { reads.canRead = true }
        if !events.isDisjoint(with: [.writable, .hangup, .error]) { writes.canWrite = true }
    }

    /// - Parameter isLast: true if the other direction is closed: with this one the flow is over.
    private func move(_ direction: inout Direction, from source: Int32, to target: Int32, isLast: Bool) -> Outcome {
        for _ in 0..<Relay.burst {
            if !direction.pending.isEmpty {
                guard flush(&direction, to: target) else { return .failed }
                if !direction.pending.isEmpty { return .waits }
            }
            if direction.isEnded {
                // The flow's close(2) tells the end as well.
                if !direction.isClosed, !isLast { Socket.shutdownWriting(target) }
                direction.isClosed = true
                return .waits
            }
            guard direction.canRead, direction.canWrite else { return .waits }
            switch unsafe Socket.receive(source, relay.buffer) {
            case .bytes(let count):
                direction.count += UInt64(count)
                guard write(count, &direction, to: target) else { return .failed }
            case .wouldBlock: direction.canRead = false
            case .end: direction.isEnded = true
            case .failed: return .failed
            }
        }
        return .turnIsOver
    }

    /// Writes what was just read; what doesn't fit is kept.
    private func write(_ count: Int, _ direction: inout Direction, to target: Int32) -> Bool {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: relay.buffer[..<count])
        var written = 0
        switch unsafe Socket.send(target, bytes) {
        case .bytes(let count): written = count
        case .wouldBlock: break
        case .end, .failed: return false
        }
        if written < count {
            direction.canWrite = false
            direction.pending = unsafe Array(bytes[written...])
            direction.written = 0
        }
        return true
    }

    /// Writes what was kept; false if it never can be.
    private func flush(_ direction: inout Direction, to target: Int32) -> Bool {
        while direction.canWrite, direction.written < direction.pending.count {
            let written = direction.written
            let result = unsafe direction.pending.withUnsafeBytes { bytes in
                unsafe Socket.send(target, UnsafeRawBufferPointer(rebasing: bytes[written...]))
            }
            switch result {
            case .bytes(let count): direction.written += count
            case .wouldBlock: direction.canWrite = false
            case .end, .failed: return false
            }
        }
        if direction.waiting == 0 { (direction.pending, direction.written) = ([], 0) }
        return true
    }
}
