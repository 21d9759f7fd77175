// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Where the notified calls of a filtered process come to (seccomp_unotify(2)), and their answers go.
public struct NotificationListener: ~Copyable {
    /// The listener, for an event loop.
    public let descriptor: FileDescriptor

    /// Takes a listener.
    public init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
        egress_notification_share_core(self.descriptor.raw)
    }

    /// Answers with success or an errno value. Who is gone needs no answer.
    public borrowing func answer(_ id: UInt64, _ code: Int32) {
        _ = egress_notification_answer(descriptor.raw, id, code)
    }

    /// True if the caller still waits: what was read of it meanwhile was its own.
    public borrowing func isValid(_ id: UInt64) -> Bool {
        egress_notification_is_valid(descriptor.raw, id) != 0
    }

    /// What a call to `take` gives.
    public enum Taken: Sendable {
        /// A call, looked at.
        case notice(UnreadCall, ConnectNotice)
        /// A call that only a `NoticeReader` may look at: what it points to may be long in coming.
        case unread(UnreadCall)
        /// Its caller is gone.
        case abandoned
    }

    /// Takes a call of which poll(2) has told, without waiting for anything.
    ///
    /// - Parameters:
    ///   - looks: whether it is looked at, if that can't take long
    ///   - sends: where calls are passed on that send, which then count as abandoned; -1 if there are none
    public borrowing func take(looks: Bool, sends: Int32 = -1) -> Taken {
        var call = egress_call()
        guard unsafe egress_call_take(descriptor.raw, sends, &call) == 0 else { return .abandoned }
        guard looks else { return .unread(UnreadCall(raw: call)) }
        return look(UnreadCall(raw: call))
    }

    private borrowing func look(_ unread: UnreadCall) -> Taken {
        var call = unread.raw
        var notice = egress_notice()
        var path: Int32 = -1
        guard unsafe egress_call_look(&call, &notice, &path) != 0 else { return .unread(unread) }
        return .notice(unread, ConnectNotice(notice, path: path))
    }
}

/// A call that waits and was not looked at.
public struct UnreadCall: Sendable {
    let raw: egress_call

    /// What to answer to.
    public var id: UInt64 { raw.id }
    /// True of bind(2), false of connect(2).
    public var isBind: Bool { raw.is_bind != 0 }
    /// The descriptor's number in the caller.
    public var number: Int32 { raw.descriptor }
    /// The calling thread, in our pid namespace.
    public var task: Int32 { Int32(bitPattern: raw.task) }
}
