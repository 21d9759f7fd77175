// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Where the notified calls of a filtered process come to (seccomp_unotify(2)), and their answers go.
public struct NotificationListener: ~Copyable {
    /// The listener, for an event loop and for a `NoticeReader`.
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

    /// True once all are gone who could call.
    public var isOver: Bool {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLHUP) != 0
    }

    /// Takes one call without looking at it; nil when none waits.
    public borrowing func takeUnread() -> UInt64? {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 0) == 1, entry.revents & Int16(POLLIN) != 0 else { return nil }
        var id: UInt64 = 0
        return unsafe egress_notification_receive(descriptor.raw, &id) == 0 ? id : nil
    }
}
