// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import LinuxSystem

/// A connect(2) whose caller waits, as it would natively: until the connection is made or fails, its SO_SNDTIMEO is over,
/// or a signal comes.
///
/// The caller sleeps in the kernel where no signal but SIGKILL reaches it (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV), so
/// signals that wait for it are looked for now and then.
final class PendingConnect: EventHandler {
    /// How often a caller's signals are looked for, in nanoseconds.
    static let interval: UInt64 = 15_000_000
    /// How often a listener with a full queue is tried again, which nothing tells of, in nanoseconds.
    static let retryInterval: UInt64 = 2_000_000
    /// The kernel's own "restart, or EINTR, as the handler wants it". No program ever sees it, provided that a signal does
    /// wait.
    static let restart: Int32 = 512  // ERESTARTSYS

    let id: UInt64
    /// When `look` is due, in monotonic nanoseconds.
    private(set) var nextLook: UInt64
    var onEnd: ((PendingConnect, Int32) -> Void)?
    /// Whose call it is, and where to, if that is the network.
    var program: Int32 = 0
    var remote: IPAddress?

    private let task: Int32
    private let rights: FileRights
    private var socket: PinnedSocket?
    private var path: FileDescriptorBox?
    private let address: [UInt8]
    /// The pinned socket's number, as long as it is not released.
    let descriptor: Int32
    /// What is answered when SO_SNDTIMEO is over.
    private let code: Int32
    private let patience: UInt64?
    /// Signals that waited for the whole process when they were last looked for.
    private var seen: UInt64 = 0
    private let deadline: UInt64?

    /// True if a blocking call goes on after this result of a call that does not wait.
    static func waits(_ code: Int32, domain: Int32) -> Bool {
        code == EINPROGRESS || code == EALREADY || (code == EAGAIN && domain == AF_UNIX)
    }

    init(
        _ notice: ConnectNotice,
        _ socket: consuming PinnedSocket,
        address: [UInt8],
        path: FileDescriptorBox?,
        code: Int32,
        now: UInt64
    ) {
        id = notice.id
        task = notice.task
        rights = notice.rights
        descriptor = socket.descriptor.raw
        patience = socket.patience
        deadline = patience.map { now &+ $0 }
        self.address = address
        self.path = path
        self.code = code
        self.socket = consume socket
        nextLook = 0
        setNextLook(now)
    }

    /// True if an event tells when the socket is ready.
    var isTold: Bool { code != EAGAIN }

    /// Closes our duplicate of the socket.
    func release() {
        socket = nil
        path = nil
    }

    /// The socket is ready: calling once more gives the result, and moves the socket's state on as the caller's own call
    /// would have.
    func handle(_ events: Events, on descriptor: Int32) {
        if let code = attempt() { onEnd?(self, code) }
    }

    /// What to answer now, if anything.
    func look(now: UInt64) -> Int32? {
        if !isTold, let code = attempt() { return code }
        if let deadline, deadline <= now { return code }
        setNextLook(now)
        return interruption(now)
    }

    private func attempt() -> Int32? {
        let attempt = socket?.connect(address, as: path == nil ? nil : rights)
        guard let result = attempt?.code else { return EACCES }
        return result == EINPROGRESS || result == EALREADY || (result == EAGAIN && !isTold) ? nil : result
    }

    private func setNextLook(_ now: UInt64) {
        let next = now &+ (isTold ? Self.interval : Self.retryInterval)
        nextLook = min(next, deadline ?? next)
    }

    /// As connect(2) that a signal interrupts: EINTR if it has a time-out, else what the handler wants.
    ///
    /// To answer `restart` without a signal that this very thread will take would show the program an errno that no
    /// program knows. One that waits for the whole process may be on its way to another thread: if it is still there a
    /// little later, it is EINTR.
    private func interruption(_ now: UInt64) -> Int32? {
        guard let status = TaskStatus(of: task) else { return nil }
        if status.pending != 0 || status.threads == 1, status.pending | status.shared != 0 {
            return patience == nil ? Self.restart : EINTR
        }
        defer { seen = status.shared }
        if seen & status.shared != 0 { return EINTR }
        if status.shared != 0 { nextLook = now &+ Self.retryInterval }
        return nil
    }
}
