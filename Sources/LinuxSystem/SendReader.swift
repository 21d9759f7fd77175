// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A process that reads what notified sends point to, which can take for ever; see `CShim/linux/sends.c`.
@safe public final class SendReader {
    /// Readable when a message waits, or the process is gone.
    public let channel: FileDescriptor
    /// Readable when it may have been in someone's memory for too long.
    public let timer: FileDescriptor
    private let mailbox: OpaquePointer
    private let pid: Int32

    /// Starts one.
    ///
    /// - Parameter queue: where the calls come from
    public init(queue: Int32) throws(SystemError) {
        let (ours, theirs) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        channel = FileDescriptor(owning: ours)
        let far = FileDescriptor(owning: theirs)
        timer = FileDescriptor(owning: try retrying("making a timer") { egress_timer_make() })
        guard let memory = unsafe egress_mailbox_make() else { throw SystemError("making shared memory") }
        unsafe mailbox = memory
        pid = unsafe egress_sends_start(queue, far.raw, timer.raw, NoticeReader.patience, memory)
        if pid < 0 {
            let error = SystemError("starting a reader of messages")
            unsafe egress_mailbox_free(memory)
            throw error
        }
    }

    /// Kills the process. A page that never comes can keep it from ending, so nothing waits for it.
    deinit {
        kill(pid, SIGKILL)
        unsafe egress_mailbox_free(mailbox)
        var status: Int32 = 0
        _ = unsafe waitpid(pid, &status, WNOHANG)
    }

    /// What a call to `next` gives.
    public enum Message {
        /// A message.
        case notice(SendNotice)
        /// Nothing now.
        case none
        /// The process is gone.
        case end
    }

    /// The next message, without waiting.
    public func next() -> Message {
        var raw = egress_send_notice()
        var descriptors: [Int32] = [-1, -1]
        switch unsafe egress_send_receive(channel.raw, &raw, &descriptors) {
        case 1: return .notice(SendNotice(raw, path: descriptors[0], file: descriptors[1]))
        case 0: return .end
        default: return errno == EAGAIN || errno == EINTR ? .none : .end
        }
    }

    /// The thread in whose memory the process is, if there is an overdue call.
    public var task: Int32 { unsafe Int32(bitPattern: egress_mailbox_task(mailbox)) }

    /// The call that the process should be done with by now.
    public var overdue: UInt64? {
        let id = unsafe egress_mailbox_overdue(mailbox)
        return id == 0 ? nil : id
    }

    /// The call that the process is busy with.
    public var current: UInt64? {
        let id = unsafe egress_mailbox_id(mailbox)
        return id == 0 ? nil : id
    }

    /// Takes a call off the queue that nobody will read; nil when none waits.
    public static func takeUnread(from queue: Int32) -> UInt64? {
        var call = egress_send_call()
        return unsafe egress_send_call_take(queue, &call) == 1 ? call.id : nil
    }
}
