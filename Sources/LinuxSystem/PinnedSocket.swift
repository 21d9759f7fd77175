// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// User, groups and capabilities of a caller.
@safe public struct FileRights: Sendable {
    let raw: egress_identity

    /// Those of a task; nil if they can't be told.
    public init?(of task: Int32) {
        var raw = egress_identity()
        guard unsafe egress_identify(UInt32(bitPattern: task), &raw) == 0 else { return nil }
        self.raw = raw
    }

    init(raw: egress_identity) { self.raw = raw }
}

/// A duplicate of another process's socket, which is let go without waiting for what it lingers for.
public struct PinnedDescriptor: ~Copyable, Sendable {
    /// The number, for system calls; it stays owned by this value.
    public let raw: Int32

    deinit {
        egress_let_go_socket(raw)
    }
}

/// A duplicate of another process's socket: the same open file, whatever becomes of the number over there.
public struct PinnedSocket: ~Copyable, Sendable {
    /// The duplicate.
    public let descriptor: PinnedDescriptor
    /// Its address family, AF_INET and so on.
    public let domain: Int32
    /// SOCK_STREAM and so on.
    public let type: Int32

    /// Pins a descriptor of a task.
    ///
    /// - Throws: as connect(2) natively: EBADF, ENOTSOCK; others when the task can't be looked into.
    public init(_ number: Int32, of task: Int32) throws(SystemError) {
        var (domain, type): (Int32, Int32) = (0, 0)
        let pinned = try retrying("pinning a socket") { unsafe egress_pin_socket(task, number, &domain, &type) }
        descriptor = PinnedDescriptor(raw: pinned)
        (self.domain, self.type) = (domain, type)
    }

    /// The cookie of the network namespace it was made in (SO_NETNS_COOKIE, Linux 5.14); nil if that can't be told.
    public static func namespaceCookie(of descriptor: Int32) -> UInt64? {
        var cookie: UInt64 = 0
        var length = UInt32(MemoryLayout<UInt64>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, 71, &cookie, &length)
        return result == 0 && cookie != 0 ? cookie : nil
    }

    /// What became of a call.
    public struct Attempt: Sendable {
        /// 0, EINPROGRESS and the like, or its errno.
        public let code: Int32
        /// True if the socket's owner wants calls on it to wait.
        public let isBlocking: Bool
    }

    /// connect(2) with an address as the caller gave it, without ever waiting.
    ///
    /// - Parameters:
    ///   - rights: with whose rights, if they are less than ours
    ///   - meanwhile: what may finish a connection that is in progress; then the call is made once more, which gives its
    ///     result and moves the socket's state on as the caller's own call would have
    public borrowing func connect(
        _ address: [UInt8],
        as rights: FileRights? = nil,
        meanwhile: (() -> Void)? = nil
    ) -> Attempt {
        let flags = egress_haste_begin(descriptor.raw)
        guard flags >= 0 else { return Attempt(code: EACCES, isBlocking: true) }
        defer { egress_haste_end(descriptor.raw, flags) }
        let isBlocking = flags & O_NONBLOCK == 0
        var code = connectOnce(address, rights)
        if code == EINPROGRESS, isBlocking, let meanwhile {
            meanwhile()
            // Not before it is over: what ICMP says of a connection gets lost while a call holds the socket.
            if Socket.isWritable(descriptor.raw) { code = connectOnce(address, rights) }
        }
        return Attempt(code: code, isBlocking: isBlocking)
    }

    /// bind(2) with an address as the caller gave it: 0 or its errno. Not for unix sockets, whose name a file system may be
    /// long in making (`NoticeReader`).
    ///
    /// - Parameter rights: with whose rights, if they are less than ours
    public borrowing func bind(_ address: [UInt8], as rights: FileRights?) -> Int32 {
        guard let rights else { return unsafe egress_bind_now(descriptor.raw, address, UInt32(address.count), nil) }
        var raw = rights.raw
        return unsafe egress_bind_now(descriptor.raw, address, UInt32(address.count), &raw)
    }

    private borrowing func connectOnce(_ address: [UInt8], _ rights: FileRights?) -> Int32 {
        let length = UInt32(address.count)
        guard let rights else { return unsafe egress_connect_now(descriptor.raw, address, length, nil) }
        var raw = rights.raw
        return unsafe egress_connect_now(descriptor.raw, address, length, &raw)
    }

    /// True if its owner wants calls on it to wait.
    public var isBlocking: Bool {
        fcntl(descriptor.raw, F_GETFL) & O_NONBLOCK == 0
    }

    /// How long connect(2) may wait (SO_SNDTIMEO), in nanoseconds; nil for ever.
    public var patience: UInt64? {
        var time = timeval()
        var length = UInt32(MemoryLayout<timeval>.size)
        guard unsafe getsockopt(descriptor.raw, SOL_SOCKET, SO_SNDTIMEO, &time, &length) == 0 else { return nil }
        let nanoseconds = UInt64(clamping: time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        guard !nanoseconds.overflow, time.tv_sec != 0 || time.tv_usec != 0 else { return nil }
        return nanoseconds.partialValue &+ UInt64(clamping: time.tv_usec) &* 1000
    }
}
