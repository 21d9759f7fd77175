// SPDX-License-Identifier: Apache-2.0

public import EgressDNS
import EgressPolicy
public import EgressSandbox
import Glibc
public import LinuxSystem

/// The supervisor: holds a started command to its policy until it ends.
///
/// The way of a connection: `Names` answers the lookup and pins what it answered; `Notify` performs the connect(2);
/// `Packet` catches the SYN; `Gate` judges it, connects to the pinned address and releases the SYN; `Relay` moves the
/// bytes. `Command` looks after the command itself.
///
/// ## Concurrency
/// One thread, one loop. Nothing waits but the loop, but for the agent, which has a second.
public final class Supervisor: EventHandler, Zone.Receiver {
    /// How a command ended.
    public enum Outcome: Sendable, Equatable {
        /// With a wait status.
        case exited(status: Int32)
        /// It could not be executed, for this errno.
        case notExecuted(code: Int32)
        /// A last step before it failed, which was told; it did not run.
        case notHeld
        /// It took longer than it may.
        case timedOut
        /// Init or the agent is gone without a word: someone killed it, and all with it.
        case lost
    }

    /// How long a command may go on after SIGTERM at its time-out, in nanoseconds.
    static let grace: UInt64 = 1_000_000_000
    /// How long the kernel may take to end what is left inside, in nanoseconds: much longer than for thousands of processes.
    static let endTimeout: UInt64 = 10_000_000_000

    private let loop: EventLoop
    private let reporter: Reporter
    private let sandbox: Sandbox
    private let job: JobControl
    private let signals: SignalDescriptor
    private let gate: Gate
    private let resolver: ResolverService
    private let relay: Relay
    private let connections: Connections
    private let datagrams: Datagrams
    private let notifications: Notifications
    private let sends: Sends?
    private var zones: [Zone] = []
    private var outcome: Outcome?
    private var deadline: UInt64?
    /// When the whole run has to be over.
    private let end: UInt64?
    private var isEnding = false
    private var isDraining = false
    /// The caller has had enough of waiting for the last bytes.
    private var isInterrupted = false

    /// Takes over a sandbox.
    ///
    /// - Parameters:
    ///   - names: what the resolver works from, the policy included
    ///   - unixPaths: unix sockets outside that the command may connect to
    ///   - unixDatagrams: whether it may have unix datagram sockets, and send to those paths
    ///   - timeout: nanoseconds that the command may take
    ///   - capabilities: what the command keeps, and so what is kept here
    ///   - writesFiles: whether the caller will make files after the command's end
    public init(
        _ sandbox: consuming Sandbox,
        signals: consuming SignalDescriptor,
        names: Resolver.Configuration,
        unixPaths: [String] = [],
        unixDatagrams: Bool = false,
        reporter: Reporter,
        timeout: UInt64?,
        capabilities: UInt64,
        writesFiles: Bool
    ) throws(SystemError) {
        loop = try EventLoop()
        self.reporter = reporter
        let resolver = ResolverService(names, loop: loop, reporter: reporter)
        gate = Gate(policy: names.policy, reporter: reporter) { resolver.names(pinnedTo: $0, at: $1) }
        resolver.callers = gate.callers
        resolver.onTranslation = { [unowned gate] in gate.learn($0) }
        resolver.prepare()
        self.resolver = resolver
        relay = Relay(loop: loop, gate: gate)
        connections = Connections(gate: gate, loop: loop, relay: relay)
        datagrams = Datagrams(gate: gate, loop: loop)
        job = JobControl(command: sandbox.command.raw, commandPid: sandbox.commandPid)
        end = timeout.map { monotonicNow() + $0 }
        deadline = end
        self.signals = signals
        self.sandbox = sandbox
        let namespace = PinnedSocket.namespaceCookie(of: self.sandbox.diagnostics)
        let datagramSockets = DatagramSocketTable(netlink: FileDescriptor(owning: self.sandbox.diagnostics))
        gate.callers.socket = { datagramSockets.cookie(ofSocketAt: $0) }
        let unixSockets = try UnixSockets(process: self.sandbox.initPid, paths: unixPaths)
        for path in unixSockets.unfindable {
            reporter.say(
                "egress-run: nothing is at the allowed unix socket \(path), and nothing that comes later will be found there "
                    + "(start the service before)"
            )
        }
        sends =
            unixDatagrams
            ? try Sends(
                listener: self.sandbox.notifications,
                namespace: namespace,
                unixSockets: unixSockets,
                gate: gate,
                loop: loop
            ) : nil
        notifications = try Notifications(
            listener: self.sandbox.notifications,
            namespace: namespace,
            unixSockets: unixSockets,
            sends: sends,
            agent: self.sandbox.agent,
            gate: gate,
            loop: loop
        )
        let listeners = Listeners(agent: self.sandbox.agent, loop: loop, connections: connections)
        connections.listeners = listeners
        try watch(listeners)
        notifications.catchUp = { [unowned self] isIPv6 in
            for zone in zones where zone.isIPv6 == isIPv6 { zone.catchUp() }
        }
        try Confinement.enter(self.sandbox.userNamespace, capabilities: capabilities, writesFiles: writesFiles)
        try sends?.start()
    }

    private func watch(_ listeners: Listeners) throws(SystemError) {
        try loop.add(signals.descriptor.raw, .readable, self)
        try loop.add(sandbox.initControl.raw, .readable, self)
        try loop.add(sandbox.agent.descriptor, .readable, self)
        var sockets = sandbox.relaySockets
        func take(_ socket: RelaySocket) -> FileDescriptor? {
            sockets.removeValue(forKey: socket).map { FileDescriptor(owning: $0) }
        }
        for socket in [RelaySocket.resolverUDP4, .resolverUDP6] {
            if let descriptor = take(socket) { try resolver.add(datagrams: descriptor) }
        }
        for socket in [RelaySocket.resolverTCP4, .resolverTCP6] {
            if let descriptor = take(socket) { try resolver.add(streams: descriptor) }
        }
        let families: [(RelaySocket, RelaySocket, RelaySocket, isIPv6: Bool)] = [
            (.captureTCP4, .captureUDP4, .raw4, false), (.captureTCP6, .captureUDP6, .raw6, true),
        ]
        for (tcp, udp, raw, isIPv6) in families {
            guard let tcp = take(tcp), let udp = take(udp), let raw = take(raw) else { continue }
            zones.append(try Zone(tcp: tcp, udp: udp, raw: raw, isIPv6: isIPv6, loop: loop, receiver: self))
        }
        try watchLoopback(listeners)
    }

    private func watchLoopback(_ listeners: Listeners) throws(SystemError) {
        guard let loopback = sandbox.loopback else { return }
        let targets = Set(loopback.ports.compactMap { SocketAddress(networkBytes: $0.address, port: $0.port) })
        for (zone, isIPv6) in [(loopback.ipv4, false), (loopback.ipv6, true)] {
            guard let zone else { continue }
            zones.append(
                try Zone(
                    tcp: FileDescriptor(owning: zone.captureTCP),
                    udp: FileDescriptor(owning: zone.captureUDP),
                    raw: FileDescriptor(owning: zone.raw),
                    isIPv6: isIPv6,
                    only: targets,
                    loop: loop,
                    receiver: self
                )
            )
        }
        for socket in loopback.sockets { try listeners.add(loopback: FileDescriptor(owning: socket)) }
    }

    /// Runs until the command has ended and all that it left behind.
    public func run() throws(SystemError) -> Outcome {
        if let report = sandbox.earlyReport { take(report) }
        while outcome == nil {
            try loop.wait(until: nextDeadline)
            tick(monotonicNow())
        }
        try finish()
        return outcome ?? .lost
    }

    /// A signal for the command, or a report of init's.
    public func handle(_ events: Events, on descriptor: Int32) {
        if descriptor == sandbox.initControl.raw {
            receiveReport()
        } else if descriptor == sandbox.agent.descriptor {
            if sandbox.agent.isGone() { outcome = outcome ?? .lost }
        } else {
            while let signal = signals.next() {
                if !isDraining {
                    job.forward(signal)
                } else if JobControl.ending.contains(signal.number) {
                    isInterrupted = true
                }
            }
        }
    }

    func receive(_ packet: CapturedPacket, from zone: Zone) {
        let now = monotonicNow()
        switch packet.content {
        case .syn(let sequence):
            connections.receive(packet, sequence: sequence, from: zone, now: now)
        case .datagram(let payload):
            datagrams.receive(packet, payload: payload, from: zone, now: now)
        }
    }

    // MARK: Time

    private var nextDeadline: UInt64? {
        [
            deadline, connections.nextDeadline, datagrams.nextDeadline, resolver.nextDeadline,
            notifications.nextDeadline, sends?.nextDeadline,
        ].compactMap(\.self).min()
    }

    private func tick(_ now: UInt64) {
        notifications.tick(now: now)
        sends?.tick(now: now)
        connections.tick(now: now)
        datagrams.tick(now: now)
        resolver.tick(now: now)
        guard let deadline, deadline <= now else { return }
        if isEnding {
            outcome = .timedOut
        } else {
            isEnding = true
            self.deadline = now + Self.grace
            ProcessSignal.send(SIGTERM, to: sandbox.command.raw)
            // A stopped command could not act on it.
            ProcessSignal.send(SIGCONT, to: sandbox.command.raw)
        }
    }

    // MARK: The command

    private func receiveReport() {
        guard let report = try? SandboxReport.receive(sandbox.initControl.raw) else {
            outcome = outcome ?? .lost
            return
        }
        take(report)
    }

    private func take(_ report: SandboxReport) {
        switch report {
        case .executionFailed(let code): outcome = .notExecuted(code: code)
        case .exited(let status): outcome = isEnding ? .timedOut : .exited(status: status)
        case .stopped(let signal):
            do { try job.commandStopped(by: signal, until: deadline) } catch {
                reporter.say("egress-run: the command is stopped, and this job goes on: \(error)")
            }
        case .failed(let error):
            reporter.say("egress-run: \(error)")
            outcome = .notHeld
        case .continued, .ready, .started, .notifications, .held, .filtered, .listener: break
        }
    }

    /// Ends what is left inside, lets out what it had sent before, and tells the rest.
    private func finish() throws(SystemError) {
        loop.remove(sandbox.initControl.raw)
        loop.remove(sandbox.agent.descriptor)
        kill(sandbox.initPid, SIGKILL)
        if !ProcessSignal.reap(sandbox.initPid, until: monotonicNow() + Self.endTimeout) {
            // A file server that doesn't answer holds it; no signal reaches it there. It runs nothing of its own any more.
            reporter.say("egress-run: a process of the command's is killed and waits in the kernel; it is left behind")
        }
        job.takeTerminalBack()
        notifications.finishAll()
        sends?.finishAll()
        for zone in zones { zone.drain() }
        try drain()
        relay.finishAll()
        datagrams.finishAll()
        kill(sandbox.agentPid, SIGKILL)
        _ = ProcessSignal.reap(sandbox.agentPid, until: monotonicNow() + Self.endTimeout)
    }

    /// Hands over what the command had sent before it ended, as the kernel goes on to do for a closed socket. What we hand
    /// to our own kernel it delivers after our end as well.
    private func drain() throws(SystemError) {
        // What was cut short by a signal or a time-out is not waited for.
        guard case .exited(let status) = outcome, status & 0x7f == 0 else { return }
        isDraining = true
        var drain = Drain(now: monotonicNow(), timeout: end)
        while let limit = drain.wait(for: relay, isInterrupted: isInterrupted, now: monotonicNow()) {
            try loop.wait(until: limit)
        }
        if let line = drain.line { reporter.say(line) }
    }
}
