// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import LinuxSystem

/// Performs a plan. See `CShim/linux/spawn.c` for who does what.
///
/// Whatever goes wrong, nothing is left running and the command has not run.
public struct Launcher {
    /// What the calling process had before it changed it for itself, for the command to have again.
    public struct Inheritance {
        let mask: sigset_t
        let descriptors: rlimit
        let defaults, ignored: UInt64

        /// Remembers the calling process's signal mask, dispositions and limits. Call it before changing any.
        ///
        /// - Parameters:
        ///   - ignoring: signals that the caller will ignore for itself
        ///   - defaulting: signals that the caller will set to their default for itself
        public static func remember(ignoring: [Int32], defaulting: [Int32]) -> Inheritance {
            var mask = sigset_t()
            unsafe sigprocmask(SIG_BLOCK, nil, &mask)
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            func bits(_ numbers: [Int32]) -> UInt64 { numbers.reduce(0) { $0 | 1 << UInt64($1 - 1) } }
            return Inheritance(
                mask: mask,
                descriptors: limit,
                defaults: bits(ignoring.filter { !isIgnored($0) }),
                ignored: bits(defaulting.filter(isIgnored))
            )
        }

        private static func isIgnored(_ number: Int32) -> Bool {
            var action = sigaction()
            unsafe sigaction(number, nil, &action)
            return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
        }
    }

    /// How long a step of a helper process may take, in milliseconds: much longer than on the busiest machine.
    private static let timeout: Int32 = 60_000

    private let plan: SandboxPlan
    private let inheritance: Inheritance

    /// A launcher of a plan.
    public init(_ plan: SandboxPlan, inheritance: Inheritance) {
        self.plan = plan
        self.inheritance = inheritance
    }

    /// Makes the sandbox and starts the command.
    ///
    /// - Parameter examine: is shown the command of a plan that holds it, just before it is executed; false ends the launch
    ///   with ECANCELED, and the command is not run.
    public func launch(
        examine: (borrowing HeldCommand) -> Bool = { (_: borrowing HeldCommand) in true }
    ) throws(SandboxError) -> Sandbox {
        var children = Children()
        do {
            return try start(&children, examine)
        } catch {
            children.end()
            throw SandboxError(error: error, advice: Advice.about(error))
        }
    }

    /// Processes that exist while the launch goes on.
    private struct Children {
        var agent: Int32 = 0
        var initial: Int32 = 0
        /// The listener of a command that was held.
        var notifications: Int32?
        /// What was received of them and has no other owner yet.
        var descriptors: [Int32] = []

        func end() {
            for descriptor in descriptors { close(descriptor) }
            for pid in [initial, agent] where pid > 0 {
                kill(pid, SIGKILL)
                var status: Int32 = 0
                while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            }
        }
    }

    private func start(
        _ children: inout Children,
        _ examine: (borrowing HeldCommand) -> Bool
    ) throws(SystemError) -> Sandbox {
        let (agentOurs, agentTheirs) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        let (initOurs, initTheirs) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        let agentControl = FileDescriptor(owning: agentOurs), initControl = FileDescriptor(owning: initOurs)
        do {
            defer {
                close(agentTheirs)
                close(initTheirs)
            }
            // Each of the command's sockets is asked for it.
            guard PinnedSocket.namespaceCookie(of: initOurs) != nil else {
                throw SystemError("telling network namespaces apart (SO_NETNS_COOKIE)", code: ENOPROTOOPT)
            }
            let arena = PlanArena(plan, inheritance, agentControl: agentTheirs, initControl: initTheirs)
            children.agent = unsafe egress_spawn(arena.sandbox)
            if children.agent < 0 {
                throw SystemError("cloning the agent into new user and network namespaces")
            }
        }
        try writeIdentity(of: children.agent)
        // Now, while the agent lets itself be looked at.
        let userNamespace = try FileDescriptor.open("/proc/\(children.agent)/ns/user", O_RDONLY)
        try go(agentControl.raw)

        guard case .ready(let initial, var relaySockets) = try next(agentControl.raw, initControl.raw) else {
            throw SystemError("setting up the relay namespace", code: EPROTO)
        }
        children.initial = initial
        let relayLinks = plan.isHeld ? relaySockets.popLast().map { FileDescriptor(owning: $0) } : nil
        children.descriptors = relaySockets
        try go(initControl.raw)
        guard case .ready(_, var workerSockets) = try next(initControl.raw, agentControl.raw),
            let diagnostics = workerSockets.first
        else {
            throw SystemError("setting up the worker's namespaces", code: EPROTO)
        }
        let workerLinks = plan.isHeld ? workerSockets.popLast().map { FileDescriptor(owning: $0) } : nil
        children.descriptors += workerSockets
        if plan.isHeld {
            guard let relayLinks, let workerLinks else {
                throw SystemError("asking for the namespaces' links", code: EPROTO)
            }
            try show(relayLinks, workerLinks, &children, initControl.raw, agentControl.raw, examine)
        }
        let (pidfd, notifications, early) = try commandStarts(initControl.raw, agentControl.raw, children.notifications)
        return Sandbox(
            relaySockets: Dictionary(uniqueKeysWithValues: zip(RelaySocket.allCases, relaySockets)),
            loopback: LoopbackSockets(Array(workerSockets.dropFirst()), ports: plan.loopback),
            agent: Agent(control: agentControl),
            initControl: initControl,
            command: FileDescriptor(owning: pidfd),
            notifications: notifications,
            userNamespace: userNamespace,
            diagnostics: diagnostics,
            earlyReport: early,
            agentPid: children.agent,
            initPid: initial,
            commandPid: try pid(of: pidfd)
        )
    }

    /// Shows a held command, and lets it go.
    private func show(
        _ relayLinks: consuming FileDescriptor,
        _ workerLinks: consuming FileDescriptor,
        _ children: inout Children,
        _ control: Int32,
        _ other: Int32,
        _ examine: (borrowing HeldCommand) -> Bool
    ) throws(SystemError) {
        guard case .held(let pidfd) = try next(control, other) else {
            throw SystemError("holding the command", code: EPROTO)
        }
        let process = FileDescriptor(owning: pidfd)
        guard case .filtered(let number) = try next(control, other) else {
            throw SystemError("filtering the command", code: EPROTO)
        }
        let listener = try process.take(descriptor: number)
        children.descriptors.append(listener)
        children.notifications = listener
        let pid = try pid(of: process.raw)
        let command = HeldCommand(
            pid: pid,
            process: process,
            relayLinks: relayLinks,
            workerLinks: workerLinks,
            landlock: plan.landlock.denials,
            filter: plan.filter
        )
        guard examine(command) else { throw SystemError("examining the command", code: ECANCELED) }
        try go(control)
    }

    /// Init's word that the command is there and that its filter is loaded, in either order.
    private func commandStarts(
        _ control: Int32,
        _ other: Int32,
        _ listener: Int32?
    ) throws(SystemError) -> (pidfd: Int32, notifications: Int32, early: SandboxReport?) {
        var pidfd: Int32?
        var notifications = listener
        var early: SandboxReport?
        while true {
            if let pidfd, let notifications { return (pidfd, notifications, early) }
            let report = try next(control, other)
            switch report {
            case .started(let descriptor): pidfd = descriptor
            case .notifications(let descriptor): notifications = descriptor
            case .executionFailed: early = report
            default: throw SystemError("starting the command", code: EPROTO)
            }
        }
    }

    private func writeIdentity(of pid: Int32) throws(SystemError) {
        let identity = plan.identity
        if identity.deniesSetgroups {
            // user_namespaces(7): without CAP_SETGID outside, gid_map can be written only once setgroups is given up.
            try FileDescriptor.open("/proc/\(pid)/setgroups", O_WRONLY).writeAll(Array("deny".utf8))
        }
        try FileDescriptor.open("/proc/\(pid)/gid_map", O_WRONLY).writeAll(Array(identity.groupMap.utf8))
        try FileDescriptor.open("/proc/\(pid)/uid_map", O_WRONLY).writeAll(Array(identity.userMap.utf8))
    }

    private func go(_ control: Int32) throws(SystemError) {
        let byte: [UInt8] = [1]
        _ = unsafe byte.withUnsafeBytes { unsafe Socket.send(control, $0) }
    }

    /// The next report of one process, or the failure of either.
    private func next(_ control: Int32, _ other: Int32) throws(SystemError) -> SandboxReport {
        var entries = [
            pollfd(fd: control, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = unsafe poll(&entries, 2, Self.timeout)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { throw SystemError("waiting for the sandbox", code: ETIMEDOUT) }
            for entry in entries where entry.revents != 0 {
                guard let report = try SandboxReport.receive(entry.fd) else {
                    throw SystemError("setting up the sandbox (a helper process ended)", code: ECHILD)
                }
                if case .failed(let error) = report { throw cause(of: error, control, other) }
                if entry.fd == control { return report }
            }
        }
    }

    /// The agent finds no init (ESRCH) where init failed before, and init's word is there by then.
    private func cause(of error: SystemError, _ control: Int32, _ other: Int32) -> SystemError {
        guard error.code == ESRCH else { return error }
        for descriptor in [control, other] {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 0) == 1, case .failed(let first)? = try? SandboxReport.receive(descriptor)
            else {
                continue
            }
            return first
        }
        return error
    }

    /// The pid behind a pidfd, from its "Pid:" line in /proc/self/fdinfo (proc(5)).
    private func pid(of pidfd: Int32) throws(SystemError) -> Int32 {
        let lines = (contents(ofFile: "/proc/self/fdinfo/\(pidfd)") ?? []).split(separator: UInt8(ascii: "\n"))
        for line in lines where line.starts(with: "Pid:".utf8) {
            let digits = line.dropFirst(4).filter {
                $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "-")
            }
            if let pid = Int32(String(decoding: digits, as: UTF8.self)) { return pid }
        }
        throw SystemError("finding the command's pid", code: ESRCH)
    }
}
