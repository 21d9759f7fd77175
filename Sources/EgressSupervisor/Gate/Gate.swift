// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import LinuxSystem

/// The one gate: every connection and every flow of datagrams asks here, connections once more when they are accepted.
final class Gate {
    /// What the gate said, and of whom.
    struct Judgement {
        let verdict: Verdict
        /// The name the address is pinned for, when it is.
        let host: Host?
        /// Who wants it, when that is known.
        var caller: Caller?
    }

    /// Who connected what.
    let callers = Callers()

    private var policy: Policy
    private let pinned: (IPAddress, UInt64) -> [Host]
    private let reporter: Reporter

    /// A gate; `pinned` answers under which names an address is pinned at a time.
    init(policy: Policy, reporter: Reporter, pinned: @escaping (IPAddress, UInt64) -> [Host]) {
        self.policy = policy
        self.reporter = reporter
        self.pinned = pinned
    }

    /// Judges by these NAT64 prefixes of the network from now on.
    func learn(_ prefixes: [TranslationPrefix]) { policy.translationPrefixes = prefixes }

    /// Judges a target without telling anyone.
    func judge(_ remote: SocketAddress, _ transport: TransportProtocol, now: UInt64) -> Judgement {
        let address = remote.address
        let names = pinned(address.canonical, now)
        let verdict = policy.decide(address: address, port: remote.port, protocol: transport, names: names)
        guard verdict.isAllowed, names.count > 1 else { return Judgement(verdict: verdict, host: names.first) }
        // Of the names that share the address, the one that may be reached here.
        let host = names.first {
            policy.decide(address: address, port: remote.port, protocol: transport, names: [$0]).isAllowed
        }
        return Judgement(verdict: verdict, host: host)
    }

    /// Judges a first attempt at a target, and tells what became of it.
    func admit(
        _ remote: SocketAddress,
        _ transport: TransportProtocol,
        caller: Caller? = nil,
        now: UInt64
    ) -> Judgement {
        var judgement = judge(remote, transport, now: now)
        judgement.caller = caller
        report(remote, transport, judgement)
        return judgement
    }

    /// Judges the target of a connect(2) before it is performed, and tells of a denial; what is allowed is told when its
    /// SYN comes.
    func screen(_ remote: SocketAddress, now: UInt64, caller: () -> Caller) -> Bool {
        var judgement = judge(remote, .tcp, now: now)
        guard !judgement.verdict.isAllowed else { return true }
        judgement.caller = caller()
        report(remote, .tcp, judgement)
        return false
    }

    /// Tells of a connect(2) that is refused whatever its target is.
    func refuse(_ reason: Reason, _ caller: Caller?, detail: String? = nil) {
        var event = AuditEvent(.connect, Verdict(reason))
        event.caller = caller
        event.detail = detail
        reporter.report(event)
    }

    /// Tells of a connection, or datagrams, to a unix socket.
    func tell(
        _ reason: Reason,
        unixSocket path: String,
        _ caller: Caller?,
        _ kind: AuditEvent.Kind = .connect
    ) {
        var event = AuditEvent(kind, Verdict(reason))
        event.path = path
        event.caller = caller
        reporter.report(event)
    }

    /// True if it is worth a look at who wants what is allowed.
    var wantsCallers: Bool { reporter.wantsCallers }

    /// Tells of an attempt that was refused for want of room: a table is full, or a system call failed.
    func refuse(
        _ remote: SocketAddress,
        _ transport: TransportProtocol,
        _ detail: String,
        caller: Caller? = nil
    ) {
        reporter.report(
            event(
                transport == .tcp ? .connect : .datagram,
                remote,
                transport,
                Judgement(verdict: Verdict(.limitReached), host: nil, caller: caller),
                detail
            )
        )
    }

    /// Tells of the end of a flow, with its bytes.
    func close(
        _ remote: SocketAddress,
        _ transport: TransportProtocol,
        _ judgement: Judgement,
        sent: UInt64,
        received: UInt64
    ) {
        var event = event(.close, remote, transport, judgement)
        event.bytesSent = sent
        event.bytesReceived = received
        reporter.report(event)
    }

    private func report(_ remote: SocketAddress, _ transport: TransportProtocol, _ judgement: Judgement) {
        let kind: AuditEvent.Kind = transport == .tcp ? .connect : .datagram
        reporter.report(event(kind, remote, transport, judgement))
    }

    private func event(
        _ kind: AuditEvent.Kind,
        _ remote: SocketAddress,
        _ transport: TransportProtocol,
        _ judgement: Judgement,
        _ detail: String? = nil
    ) -> AuditEvent {
        var event = AuditEvent(kind, judgement.verdict)
        event.host = judgement.host?.description
        event.caller = judgement.caller
        event.address = remote.address
        event.port = remote.port
        event.transport = transport
        event.detail = detail
        return event
    }
}
