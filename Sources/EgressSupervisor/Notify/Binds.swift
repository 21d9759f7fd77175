// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem

/// The worker's bind(2) calls: performed on the worker's own socket, so that it is known for certain which files of unix
/// sockets are inside, and that no socket from outside gets a name here.
///
/// Of a unix socket the reader performs it, with the caller's root, working directory, umask and ids; then the agent asks
/// the kernel for the file that this very socket is bound to, and that is kept (`FileSets`). Whatever is amiss, the file is
/// not kept, and nobody inside can connect to it.
///
/// ## Concurrency
/// All of it runs on the loop's thread and never waits, but for the agent, which only makes system calls.
final class Binds {
    private let listener: NotificationListener
    private let namespace: UInt64?
    private let unixSockets: UnixSockets
    private let readers: Readers
    private let agent: Agent
    private let gate: Gate

    init(
        listener: consuming FileDescriptor,
        namespace: UInt64?,
        unixSockets: UnixSockets,
        readers: Readers,
        agent: Agent,
        gate: Gate
    ) {
        self.listener = NotificationListener(listener)
        self.namespace = namespace
        self.unixSockets = unixSockets
        self.readers = readers
        self.agent = agent
        self.gate = gate
    }

    /// A call, with its address if that was at hand.
    func receive(_ call: UnreadCall, _ notice: ConnectNotice?) {
        do {
            let socket = try PinnedSocket(call.number, of: call.task)
            // What was read and pinned is the caller's only if it still waits.
            guard listener.isValid(call.id) else { return }
            guard let namespace, PinnedSocket.namespaceCookie(of: socket.descriptor.raw) == namespace else {
                gate.refuse(.foreignSocket, Caller(TaskIdentity(of: call.task)))
                return listener.answer(call.id, EACCES)
            }
            let domain = socket.domain, box = PinnedSocketBox(socket)
            if domain == AF_UNIX { return bindUnix(call, box) }
            if let notice { return bind(call, notice, box) }
            unixSockets.prepare()
            readers.ask(.look, for: call) { [unowned self] notice in
                guard let notice else { return listener.answer(call.id, EACCES) }
                if let path = notice.path { close(path) }
                bind(call, notice, box)
            }
        } catch {
            refuse(call, code: error.code)
        }
    }

    /// The caller's mistakes are answered as natively; what keeps us from looking is a refusal.
    private func refuse(_ call: UnreadCall, code: Int32) {
        if [EBADF, ENOTSOCK].contains(code) { return listener.answer(call.id, code) }
        listener.answer(call.id, EACCES)
        guard code != ESRCH else { return }  // it is gone
        gate.refuse(.unreadableCaller, Caller(TaskIdentity(of: call.task)), detail: SystemError("", code: code).reason)
    }

    /// A name in W's own network, or the worker's port on rtnetlink(7), which sends nothing.
    private func bind(_ call: UnreadCall, _ notice: ConnectNotice, _ box: PinnedSocketBox) {
        let code = notice.readError == 0 ? box.bind(notice.address, for: call.task) : notice.readError
        // Ours is closed before the caller goes on: it may rely on its close(2) being the last.
        box.release()
        listener.answer(call.id, code)
    }

    private func bindUnix(_ call: UnreadCall, _ box: PinnedSocketBox) {
        unixSockets.prepare()
        readers.ask(.bind(socket: box.raw), for: call) { [unowned self] notice in
            let code = notice?.result ?? EACCES
            guard let notice, code == 0, ConnectTarget.hasPath(notice.address) else {
                box.release()
                return listener.answer(call.id, code)
            }
            keep(call, box)
        }
    }

    /// Keeps the file that the socket is bound to, as one of inside.
    private func keep(_ call: UnreadCall, _ box: PinnedSocketBox) {
        guard let file = agent.file(of: box.raw) else { return finish(call, box, EPROTO) }
        let held = FileDescriptorBox(FileDescriptor(owning: file))
        guard SocketFile(of: held.raw).isSlow else {
            do throws(SystemError) {
                try FileSets.keepInside(held.raw)
                return finish(call, box, 0)
            } catch {
                return finish(call, box, error.code)
            }
        }
        readers.ask(.keep(file: held.raw), for: call) { [unowned self] notice in
            withExtendedLifetime(held) {}
            finish(call, box, notice?.result ?? EPROTO)
        }
    }

    private func finish(_ call: UnreadCall, _ box: PinnedSocketBox, _ code: Int32) {
        box.release()
        if code != 0 {
            let why = "a unix socket was bound that nobody can connect to: \(SystemError("", code: code).reason)"
            gate.refuse(.limitReached, Caller(TaskIdentity(of: call.task)), detail: why)
        }
        listener.answer(call.id, 0)
    }
}

/// A pinned socket that is held by more than one, and let go by the first that is done with it.
final class PinnedSocketBox {
    private var socket: PinnedSocket?
    /// The number, as long as it is held.
    let raw: Int32

    /// Takes a socket.
    init(_ socket: consuming PinnedSocket) {
        raw = socket.descriptor.raw
        self.socket = consume socket
    }

    /// Closes our duplicate.
    func release() { socket = nil }

    /// bind(2) with the rights of a task; 0 or an errno value.
    func bind(_ address: [UInt8], for task: Int32) -> Int32 {
        guard KernelProbe.isRoot else { return socket?.bind(address, as: nil) ?? EACCES }
        guard let rights = FileRights(of: task) else { return EACCES }
        return socket?.bind(address, as: rights) ?? EACCES
    }
}
