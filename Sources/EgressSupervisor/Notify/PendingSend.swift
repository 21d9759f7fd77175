// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A call that sends messages, while it is performed: it may have to wait for room, as it would natively, until its
/// SO_SNDTIMEO is over or a signal comes.
final class PendingSend: EventHandler {
    /// What to answer.
    enum Answer: Equatable {
        case value(Int)
        case error(Int32)
    }

    /// Where a message goes, once it is judged.
    struct Target {
        /// In place of the address that was read.
        var name: [UInt8]?
        /// What the address leads to, if it has a path.
        var path: FileDescriptorBox?
    }

    let messages: [SendNotice]
    var onEnd: ((PendingSend, Answer) -> Void)?
    /// Whose call it is.
    var program: Int32 = 0
    /// When `look` is due, in monotonic nanoseconds.
    private(set) var nextLook: UInt64 = 0
    /// The pinned socket's number.
    let descriptor: Int32
    let type: Int32
    private var socket: PinnedSocket?
    private let targets: [Target]
    private let deadline: UInt64?
    private let waits: Bool
    /// True if an event tells of room: not where it is the receiver's queue that is full.
    let isTold: Bool
    /// The message that is next, and how much of it is sent.
    private var next = 0
    private var sent = 0
    private var seen: UInt64 = 0

    init(_ messages: [SendNotice], _ targets: [Target], _ socket: consuming PinnedSocket, now: UInt64) {
        self.messages = messages
        self.targets = targets
        descriptor = socket.descriptor.raw
        type = socket.type
        isTold = !(socket.domain == AF_UNIX && socket.type == Socket.datagram)
        let flags = messages.first?.flags ?? 0
        waits = socket.isBlocking && flags & Int32(MSG_DONTWAIT) == 0
        deadline = waits ? socket.patience.map { now &+ $0 } : nil
        self.socket = consume socket
        setNextLook(now)
    }

    var id: UInt64 { messages.first?.call.id ?? 0 }
    /// What it takes in memory, in bytes.
    var cost: Int { messages.reduce(0) { $0 + $1.cost } }

    /// Closes our duplicate of the socket.
    func release() { socket = nil }

    func handle(_ events: Events, on descriptor: Int32) {
        if let answer = attempt() { onEnd?(self, answer) }
    }

    /// Sends as much as can be sent; what to answer, or nil if the call has to wait.
    func attempt() -> Answer? {
        while next < messages.count {
            let message = messages[next], target = targets[next]
            let result = send(message, target)
            switch result {
            case .success(let count):
                sent += count
                if type == Socket.stream, sent < message.length {
                    if waits { continue }
                    return .value(sent)
                }
                guard message.isMany else { return .value(sent) }
                (next, sent) = (next + 1, 0)
            case .failure(let error) where error.code == EAGAIN && waits: return nil
            case .failure(let error): return failed(error.code, message)
            }
        }
        return .value(next)
    }

    private func send(_ message: SendNotice, _ target: Target) -> Result<Int, SystemError> {
        let (acts, sent) = (target.path != nil, sent)
        return socket?.send(message, to: target.name, acts: acts, from: sent) ?? .failure(SystemError("", code: EACCES))
    }

    /// What was sent before counts more than why the rest was not.
    private func failed(_ code: Int32, _ message: SendNotice) -> Answer {
        if next > 0 { return .value(next) }
        if sent > 0 { return .value(sent) }
        if code == EPIPE, type == Socket.stream, message.flags & Int32(MSG_NOSIGNAL) == 0 {
            message.signalPipe()
        }
        return .error(code)
    }

    /// What to answer now, if anything.
    func look(now: UInt64) -> Answer? {
        if let answer = attempt() { return answer }
        if let deadline, deadline <= now { return interrupted(EAGAIN) }
        setNextLook(now)
        return interruption(now).map(interrupted)
    }

    private func interrupted(_ code: Int32) -> Answer {
        next > 0 ? .value(next) : sent > 0 ? .value(sent) : .error(code)
    }

    private func setNextLook(_ now: UInt64) {
        let next = now &+ (isTold ? PendingConnect.interval : PendingConnect.retryInterval)
        nextLook = min(next, deadline ?? next)
    }

    /// As for connect(2); see `PendingConnect`.
    private func interruption(_ now: UInt64) -> Int32? {
        guard let task = messages.first?.call.task, let status = TaskStatus(of: task) else { return nil }
        if status.pending != 0 || status.threads == 1, status.pending | status.shared != 0 {
            return deadline == nil ? PendingConnect.restart : EINTR
        }
        defer { seen = status.shared }
        if seen & status.shared != 0 { return EINTR }
        if status.shared != 0 { nextLook = now &+ PendingConnect.retryInterval }
        return nil
    }
}
