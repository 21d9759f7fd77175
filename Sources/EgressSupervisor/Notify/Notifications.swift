// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem

/// The worker's connect(2) calls: judged, performed on the worker's own socket, answered.
///
/// The socket is pinned, so it is the one that was looked at, whatever the worker's threads do to the number meanwhile; the
/// address is a copy. The answer is success or an errno, never "go on": that would run the call on what stands there by
/// then. A path of a unix socket is found as the worker would find it, and connected through what was found.
///
/// ## Concurrency
/// All of it runs on the loop's thread and never waits: a call that natively would is answered when its socket is ready.
final class Notifications: EventHandler {
    /// Calls that wait for their connection at a time; one more is refused.
    static let maximumWaiting = 512
    /// And of one program, and to one address.
    static let maximumShare = 256

    private let listener: NotificationListener
    /// The worker's network namespace; nil, which no socket has, if it can't be told.
    private let namespace: UInt64?
    private let unixSockets: UnixSockets
    private let gate: Gate
    private let loop: EventLoop
    private let readers: Readers
    private let binds: Binds
    private var waiting: [UInt64: PendingConnect] = [:]
    private var byProgram = Shares<Int32>(maximum: Notifications.maximumShare)
    private var byAddress = Shares<IPAddress>(maximum: Notifications.maximumShare)
    /// Where calls go that are none of connect(2).
    private let sends: Sends?

    /// Takes over the listener.
    init(
        listener: Int32,
        namespace: UInt64?,
        unixSockets: UnixSockets,
        sends: Sends?,
        agent: Agent,
        gate: Gate,
        loop: EventLoop
    ) throws(SystemError) {
        self.sends = sends
        self.listener = NotificationListener(FileDescriptor(owning: listener))
        self.namespace = namespace
        self.unixSockets = unixSockets
        self.gate = gate
        self.loop = loop
        readers = Readers(gate: gate, loop: loop)
        binds = Binds(
            listener: try FileDescriptor.duplicate(of: listener),
            namespace: namespace,
            unixSockets: unixSockets,
            readers: readers,
            agent: agent,
            gate: gate
        )
        try loop.addFirst(listener, self)
    }

    /// Handles the SYN, of IPv6 or IPv4, of a connect(2) that was just performed. Set once zones stand.
    var catchUp: (_ isIPv6: Bool) -> Void = { _ in }

    /// When `tick` has to be called.
    private(set) var nextDeadline: UInt64?

    /// Looks after the calls that wait: their time-outs, and signals that interrupt them.
    func tick(now: UInt64) {
        guard let due = nextDeadline, due <= now else { return }
        for call in waiting.values where call.nextLook <= now {
            if !listener.isValid(call.id) {
                forget(call)
            } else if let code = call.look(now: now) {
                finish(call, code)
            }
        }
        nextDeadline = waiting.values.lazy.map(\.nextLook).min()
    }

    func handle(_ events: Events, on descriptor: Int32) {
        if events.contains(.readable) {
            take()
        } else if events.contains(.hangup) {
            loop.removeFirst()  // all are gone who could call
        }
        // Else a signal kept poll(2) from looking, which it tells as an error (seccomp_notify_poll).
    }

    /// Takes one call; the loop tells if there are more.
    private func take() {
        // Who calls is told by the caller's memory, too.
        switch listener.take(looks: !gate.wantsCallers, sends: sends?.entry.raw ?? -1) {
        case .notice(let call, let notice):
            if call.isBind { binds.receive(call, notice) } else { receive(call, notice) }
        case .unread(let call):
            if call.isBind { return binds.receive(call, nil) }
            unixSockets.prepare()
            readers.ask(.look, for: call) { [unowned self] notice in
                guard let notice else { return listener.answer(call.id, EACCES) }
                receive(call, notice)
            }
        case .abandoned: return
        }
    }

    // MARK: A call

    private func receive(_ call: UnreadCall, _ notice: ConnectNotice) {
        // Closed at the end, whatever becomes of the call.
        let path = notice.path.map { FileDescriptorBox(FileDescriptor(owning: $0)) }
        do {
            let socket = try PinnedSocket(notice.number, of: notice.task)
            // What was read and pinned is the caller's only if it still waits.
            guard listener.isValid(notice.id) else { return }
            if notice.readError != 0 { return refuse(notice, code: notice.readError) }
            judge(call, notice, consume socket, path)
        } catch {
            // As natively, an address that can't be read comes before a descriptor that is no socket.
            let isBoth = error.code == ENOTSOCK && notice.readError != 0
            refuse(notice, code: isBoth ? notice.readError : error.code)
        }
    }

    /// The caller's mistakes are answered as natively; what keeps us from looking is a refusal.
    private func refuse(_ notice: ConnectNotice, code: Int32) {
        switch code {
        case EBADF, ENOTSOCK, EFAULT, EINVAL: listener.answer(notice.id, code)
        case ESRCH: listener.answer(notice.id, EACCES)  // it is gone
        default:
            listener.answer(notice.id, EACCES)
            gate.refuse(.unreadableCaller, caller(notice), detail: SystemError("", code: code).reason)
        }
    }

    private func judge(
        _ call: UnreadCall,
        _ notice: ConnectNotice,
        _ socket: consuming PinnedSocket,
        _ path: FileDescriptorBox?
    ) {
        guard let namespace, PinnedSocket.namespaceCookie(of: socket.descriptor.raw) == namespace else {
            gate.refuse(.foreignSocket, caller(notice))
            return listener.answer(notice.id, EACCES)
        }
        switch ConnectTarget(notice.address, domain: socket.domain, type: socket.type) {
        case .harmless: perform(notice, consume socket, notice.address, nil)
        case .done: listener.answer(notice.id, 0)
        case .forbidden(let code): listener.answer(notice.id, code)
        case .network(let remote):
            guard gate.screen(remote, now: monotonicNow(), caller: { caller(notice) }) else {
                return listener.answer(notice.id, EACCES)
            }
            perform(notice, consume socket, notice.address, nil, remote)
        case .path:
            guard let path else { return refusePath(notice) }
            let code = judge(path, notice, socket.descriptor.raw)
            guard code == 0 else { return listener.answer(notice.id, code) }
            if notice.file.isSlow { return performElsewhere(call, notice, consume socket, path) }
            perform(notice, consume socket, UnixSockets.address(of: path), path)
        }
    }

    private func refusePath(_ notice: ConnectNotice) {
        listener.answer(notice.id, UnixSockets.answer(to: notice.pathError))
    }

    /// 0, or what to answer.
    private func judge(_ path: FileDescriptorBox, _ notice: ConnectNotice, _ socket: Int32) -> Int32 {
        switch unixSockets.judge(path.raw, notice.file) {
        case .inside: return 0
        // What connect(2) would say; it is not called, since a namespace that we can't look into may have it after all.
        case .abandoned(let code): return code
        case .named(let name):
            ReceivedRights.refuse(on: socket)
            gate.tell(.allowed, unixSocket: name, notice.caller.map { Caller($0) })
            return 0
        case .denied:
            gate.tell(.unixSocketNotAllowed, unixSocket: LinuxSystem.path(of: path.raw) ?? "?", caller(notice))
            return EACCES
        }
    }

    /// Where a file system may be long in saying whether the caller may, the reader connects. A listener whose queue is full
    /// is then told as to a socket that doesn't wait.
    private func performElsewhere(
        _ call: UnreadCall,
        _ notice: ConnectNotice,
        _ socket: consuming PinnedSocket,
        _ path: FileDescriptorBox
    ) {
        let socket = PinnedSocketBox(socket)
        readers.ask(.connect(socket: socket.raw, path: path.raw, rights: notice.rights), for: call) {
            [unowned self] answer in
            withExtendedLifetime((socket, path)) {}
            socket.release()
            listener.answer(call.id, answer?.result ?? EACCES)
        }
    }

    private func perform(
        _ notice: ConnectNotice,
        _ socket: consuming PinnedSocket,
        _ address: [UInt8],
        _ path: FileDescriptorBox?,
        _ remote: SocketAddress? = nil
    ) {
        let program = notice.caller?.process ?? ProcessSignal.program(of: notice.task)
        if socket.isBlocking, let bound = fullBound(program, remote?.address.canonical) {
            gate.refuse(.limitReached, caller(notice), detail: bound)
            return listener.answer(notice.id, EACCES)
        }
        let (raw, type) = (socket.descriptor.raw, socket.type)
        var isNoted = false
        // The SYN that this sends is caught at once, so that most connections are made before the call is answered, or
        // are as good as made. Its caller's core is ours until then, and no other has to wake.
        let attempt = socket.connect(address, as: path == nil ? nil : notice.rights) {
            self.note(notice, program, raw, type: type, remote)
            isNoted = true
            if let remote { self.catchUp(remote.address.canonical.networkBytes.count == 16) }
        }
        if !isNoted { note(notice, program, raw, type: type, remote) }
        guard attempt.isBlocking, PendingConnect.waits(attempt.code, domain: socket.domain) else {
            // Ours is closed before the caller goes on: it may rely on its close(2) being the last.
            _ = consume socket
            return listener.answer(notice.id, attempt.code)
        }
        let (code, now) = (attempt.code, monotonicNow())
        let call = PendingConnect(notice, consume socket, address: address, path: path, code: code, now: now)
        call.onEnd = { [unowned self] call, code in finish(call, code) }
        if call.isTold, (try? loop.add(call.descriptor, [.writable, .readHangup], call)) == nil {
            gate.refuse(.limitReached, caller(notice), detail: "a connection can't be waited for")
            return listener.answer(notice.id, EACCES)
        }
        (call.program, call.remote) = (program, remote?.address.canonical)
        waiting[call.id] = call
        byProgram.take(program)
        if let remote = call.remote { byAddress.take(remote) }
        nextDeadline = min(nextDeadline ?? .max, call.nextLook)
    }

    /// Which bound keeps one more call from waiting.
    private func fullBound(_ program: Int32, _ remote: IPAddress?) -> String? {
        if waiting.count >= Self.maximumWaiting { return "too many calls wait for their connection" }
        if !byProgram.hasRoom(for: program) { return "too many calls of this program wait for their connection" }
        if let remote, !byAddress.hasRoom(for: remote) { return "too many calls wait for a connection to \(remote)" }
        return nil
    }

    /// Keeps who called, for the packets that follow.
    private func note(
        _ notice: ConnectNotice,
        _ program: Int32,
        _ socket: Int32,
        type: Int32,
        _ target: SocketAddress?
    ) {
        guard let remote = target ?? ConnectTarget.address(notice.address), let local = Socket.localAddress(socket),
            local.port != 0
        else { return }
        let isTCP = type == Socket.stream
        let note = Callers.Note(
            caller: notice.caller.map { Caller($0) },
            program: program,
            socket: isTCP ? nil : Socket.cookie(socket)
        )
        gate.callers.note(note, for: FlowKey(worker: local, remote: remote), isTCP ? .tcp : .udp)
    }

    /// Who calls, looked up now unless the reader has.
    private func caller(_ notice: ConnectNotice) -> Caller {
        Caller(notice.caller ?? TaskIdentity(of: notice.task))
    }

    private func finish(_ call: PendingConnect, _ code: Int32) {
        forget(call)
        call.release()
        listener.answer(call.id, code)
    }

    /// Lets go of the calls that wait: their callers are gone. What their sockets still send the kernel sends on.
    func finishAll() {
        for call in waiting.values {
            // Ours is the last descriptor, and the linger time was the command's to choose.
            Socket.neverLinger(call.descriptor)
            forget(call)
            call.release()
        }
    }

    private func forget(_ call: PendingConnect) {
        guard waiting.removeValue(forKey: call.id) != nil else { return }
        byProgram.giveBack(call.program)
        if let remote = call.remote { byAddress.giveBack(remote) }
        if call.isTold { loop.remove(call.descriptor) }
    }
}

extension Caller {
    init(_ identity: TaskIdentity) {
        self.init(
            pid: identity.innerProcess,
            hostPid: identity.process,
            executable: identity.executable,
            name: identity.name
        )
    }
}
