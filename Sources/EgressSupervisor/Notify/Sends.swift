// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import Glibc
import LinuxSystem

/// The worker's calls that can name where they send to, in a run that allows unix datagram sockets: judged, performed on
/// the worker's own socket with a copy of what is sent, answered. See `Notifications`, which does the same for connect(2),
/// and `CShim/linux/sends.c`.
///
/// ## Concurrency
/// All of it runs on the loop's thread and never waits.
final class Sends: EventHandler {
    /// Calls that wait for room at a time, and what they may take in memory, in bytes; one more fails with ENOBUFS.
    static let maximumWaiting = 256
    static let maximumHeld = 32 << 20
    /// And of one program.
    static let maximumShare = 128
    static let maximumHeldShare = 16 << 20
    /// How many processes may get lost in callers' memory; then every such call is refused without looking at it.
    static let maximumLost = 16
    /// Processes and paths that were told of.
    static let maximumTold = 1024

    /// Where calls are put to be read.
    let entry: FileDescriptor

    private struct Subject: Hashable {
        let process: Int32?
        let path: String
    }

    private let queue: FileDescriptor
    private let listener: NotificationListener
    private let namespace: UInt64?
    private let unixSockets: UnixSockets
    private let gate: Gate
    private let loop: EventLoop
    private var reader: SendReader?
    private var lost = 0
    /// The messages so far of the call that is being received.
    private var messages: [SendNotice] = []
    private var waiting: [UInt64: PendingSend] = [:]
    private var held = 0
    private var byProgram = Shares<Int32>(maximum: Sends.maximumShare)
    private var heldByProgram = Shares<Int32>(maximum: Sends.maximumHeldShare)
    private var told: Set<Subject> = []

    /// - Parameter listener: the listener, which stays its owner's
    init(
        listener: Int32,
        namespace: UInt64?,
        unixSockets: UnixSockets,
        gate: Gate,
        loop: EventLoop
    ) throws(SystemError) {
        let (entry, queue) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        self.entry = FileDescriptor(owning: entry)
        self.queue = FileDescriptor(owning: queue)
        self.listener = NotificationListener(try FileDescriptor.duplicate(of: listener))
        self.namespace = namespace
        self.unixSockets = unixSockets
        self.gate = gate
        self.loop = loop
    }

    /// Begins to read what calls send. Only now, when we have confined ourselves: the reader has what rights we have.
    func start() throws(SystemError) {
        unixSockets.prepare()
        try startReader()
    }

    /// When `tick` has to be called.
    private(set) var nextDeadline: UInt64?

    /// Looks after the calls that wait.
    func tick(now: UInt64) {
        guard let due = nextDeadline, due <= now else { return }
        for call in waiting.values where call.nextLook <= now {
            if !listener.isValid(call.id) {
                forget(call)
            } else if let answer = call.look(now: now) {
                finish(call, answer)
            }
        }
        nextDeadline = waiting.values.lazy.map(\.nextLook).min()
    }

    func handle(_ events: Events, on descriptor: Int32) {
        if descriptor == reader?.channel.raw {
            receiveAll()
        } else if descriptor == reader?.timer.raw {
            guard let reader, let id = reader.overdue else { return }
            loseReader("its memory could not be read in time", reader.task, during: id)
        } else if descriptor == queue.raw {
            while let id = SendReader.takeUnread(from: queue.raw) { listener.answer(id, EACCES) }
        }
    }

    // MARK: The reader

    private func startReader() throws(SystemError) {
        let reader = try SendReader(queue: queue.raw)
        try loop.add(reader.channel.raw, .readable, self)
        try loop.add(reader.timer.raw, .readable, self)
        self.reader = reader
    }

    private func loseReader(_ why: String, _ task: Int32?, during id: UInt64?) {
        let caller = task.map { Caller(TaskIdentity(of: $0)) }
        if let reader {
            loop.remove(reader.channel.raw)
            loop.remove(reader.timer.raw)
        }
        reader = nil
        lost += 1
        for id in [id, messages.first?.call.id].compactMap(\.self) { listener.answer(id, EACCES) }
        messages = []
        gate.refuse(.unreadableCaller, caller, detail: why)
        if lost < Self.maximumLost, (try? startReader()) != nil { return }
        gate.refuse(.limitReached, nil, detail: "this happened too often; no such call is looked at from now on")
        // What can't be watched is never answered, and so never performed.
        try? loop.add(queue.raw, .readable, self)
    }

    private func receiveAll() {
        for _ in 0..<Readers.burst {
            guard let reader else { return }
            switch reader.next() {
            case .notice(let notice): receive(notice)
            case .none: return
            case .end: return loseReader("the reader of its memory ended", nil, during: reader.current)
            }
        }
    }

    // MARK: A call

    private func receive(_ notice: SendNotice) {
        if notice.index == 0 { messages = [] }
        messages.append(notice)
        guard notice.index + 1 >= notice.count else { return }
        let call = messages
        messages = []
        perform(call)
    }

    private func perform(_ messages: [SendNotice]) {
        guard let first = messages.first else { return }
        // Closed at the end, whatever becomes of the call.
        let paths = messages.map { message in
            message.call.path.map { FileDescriptorBox(FileDescriptor(owning: $0)) }
        }
        let notice = first.call
        do {
            let socket = try PinnedSocket(notice.number, of: notice.task)
            // What was read and pinned is the caller's only if it still waits.
            guard listener.isValid(notice.id) else { return }
            if notice.readError != 0 { return refuse(notice, code: notice.readError) }
            guard first.count > 0 else { return listener.answer(notice.id, value: 0) }
            perform(messages, consume socket, paths)
        } catch {
            refuse(notice, code: error.code)
        }
    }

    /// The caller's mistakes are answered as natively; what keeps us from looking is a refusal.
    private func refuse(_ notice: ConnectNotice, code: Int32) {
        switch code {
        case EBADF, ENOTSOCK, EFAULT, EINVAL, EMSGSIZE, ENOBUFS: listener.answer(notice.id, code)
        case ESRCH: listener.answer(notice.id, EACCES)  // it is gone
        default:
            listener.answer(notice.id, EACCES)
            gate.refuse(.unreadableCaller, caller(notice), detail: SystemError("", code: code).reason)
        }
    }

    private func perform(
        _ messages: [SendNotice],
        _ socket: consuming PinnedSocket,
        _ paths: [FileDescriptorBox?]
    ) {
        guard let notice = messages.first?.call else { return }
        guard let namespace, PinnedSocket.namespaceCookie(of: socket.descriptor.raw) == namespace else {
            gate.refuse(.foreignSocket, caller(notice))
            return listener.answer(notice.id, EACCES)
        }
        // No request to the kernel is ever made for the worker: it asks who sends. Without an address it sends its own.
        guard [AF_UNIX, AF_INET, AF_INET6].contains(socket.domain) else { return listener.answer(notice.id, EPERM) }
        var targets: [PendingSend.Target] = []
        for (message, path) in zip(messages, paths) {
            switch target(of: message, path, domain: socket.domain, type: socket.type, socket.descriptor.raw) {
            case .success(let target): targets.append(target)
            // Those before it are sent, as natively.
            case .failure(let error) where targets.isEmpty: return listener.answer(notice.id, error.code)
            case .failure: break
            }
            if targets.count <= message.index { break }
        }
        let now = monotonicNow()
        let call = PendingSend(Array(messages.prefix(targets.count)), targets, consume socket, now: now)
        if let answer = call.attempt() {
            // Ours is closed before the caller goes on: it may rely on its close(2) being the last.
            call.release()
            return self.answer(call.id, answer)
        }
        wait(for: call)
    }

    private func wait(for call: PendingSend) {
        let program = ProcessSignal.program(of: call.messages.first?.call.task ?? 0)
        let hasRoom = byProgram.hasRoom(for: program) && heldByProgram.hasRoom(for: program, call.cost)
        guard hasRoom, waiting.count < Self.maximumWaiting, held + call.cost <= Self.maximumHeld,
            !call.isTold || (try? loop.add(call.descriptor, [.writable, .readHangup], call)) != nil
        else {
            let detail = hasRoom ? "too many messages wait" : "too many messages of this program wait"
            gate.refuse(.limitReached, call.messages.first.map { caller($0.call) }, detail: detail)
            call.release()
            return listener.answer(call.id, ENOBUFS)
        }
        call.onEnd = { [unowned self] call, answer in finish(call, answer) }
        waiting[call.id] = call
        held += call.cost
        call.program = program
        byProgram.take(program)
        heldByProgram.take(program, call.cost)
        nextDeadline = min(nextDeadline ?? .max, call.nextLook)
    }

    // MARK: Judging

    private func target(
        of message: SendNotice,
        _ path: FileDescriptorBox?,
        domain: Int32,
        type: Int32,
        _ socket: Int32
    ) -> Result<PendingSend.Target, SystemError> {
        func no(_ code: Int32) -> Result<PendingSend.Target, SystemError> { .failure(SystemError("", code: code)) }
        // MSG_FASTOPEN, as in `SyscallFilter`.
        if message.flags & 0x2000_0000 != 0 { return no(EOPNOTSUPP) }
        // What of its bytes had gone could not be told.
        if message.isMany, type == Socket.stream { return no(EOPNOTSUPP) }
        if message.isCut, type != Socket.stream { return no(EMSGSIZE) }
        let address = message.call.address
        guard !address.isEmpty else { return .success(PendingSend.Target()) }
        switch ConnectTarget(address, domain: domain, type: type) {
        // A stream goes where it is connected to.
        case .harmless, .network: return .success(PendingSend.Target(name: address))
        case .forbidden(let code): return no(code)
        case .done: return no(EPERM)
        case .path where type != Socket.datagram:
            // The kernel looks at no more than that there is one.
            return .success(PendingSend.Target(name: Array(address.prefix(2)) + [0]))
        case .path:
            guard let path else { return no(UnixSockets.answer(to: message.call.pathError)) }
            let code = message.call.file.isSlow ? tellSlow(path, message.call) : judge(path, message.call, socket)
            return code == 0
                ? .success(PendingSend.Target(name: UnixSockets.address(of: path), path: path)) : no(code)
        }
    }

    /// Only a process that can be spared may ask such a file system, and none of those sends.
    private func tellSlow(_ path: FileDescriptorBox, _ notice: ConnectNotice) -> Int32 {
        let name = LinuxSystem.path(of: path.raw) ?? "?"
        gate.refuse(
            .limitReached,
            caller(notice),
            detail: "no datagram is sent to a socket in such a file system: \(name)"
        )
        return EACCES
    }

    /// 0, or what to answer.
    private func judge(_ path: FileDescriptorBox, _ notice: ConnectNotice, _ socket: Int32) -> Int32 {
        switch unixSockets.judge(path.raw, notice.file) {
        case .inside: return 0
        case .abandoned(let code): return code
        case .named(let name):
            ReceivedRights.refuse(on: socket)
            let caller = caller(notice)
            if told.count >= Self.maximumTold { told = [] }
            if told.insert(Subject(process: caller.hostPid, path: name)).inserted {
                gate.tell(.allowed, unixSocket: name, caller, .datagram)
            }
            return 0
        case .denied:
            let name = LinuxSystem.path(of: path.raw) ?? "?"
            gate.tell(.unixSocketNotAllowed, unixSocket: name, caller(notice), .datagram)
            return EACCES
        }
    }

    private func caller(_ notice: ConnectNotice) -> Caller {
        Caller(notice.caller ?? TaskIdentity(of: notice.task))
    }

    // MARK: Answers

    private func answer(_ id: UInt64, _ answer: PendingSend.Answer) {
        switch answer {
        case .value(let value): listener.answer(id, value: value)
        case .error(let code): listener.answer(id, code)
        }
    }

    private func finish(_ call: PendingSend, _ answer: PendingSend.Answer) {
        forget(call)
        call.release()
        self.answer(call.id, answer)
    }

    /// Lets go of the calls that wait; see `Notifications.finishAll`.
    func finishAll() {
        for call in waiting.values {
            Socket.neverLinger(call.descriptor)
            forget(call)
            call.release()
        }
    }

    private func forget(_ call: PendingSend) {
        guard waiting.removeValue(forKey: call.id) != nil else { return }
        held -= call.cost
        byProgram.giveBack(call.program)
        heldByProgram.giveBack(call.program, call.cost)
        if call.isTold { loop.remove(call.descriptor) }
    }
}
