// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Holds a command that does nothing, for real: whether the default mode holds here is seen only when it is tried.
public enum Trial: Sendable {
    /// What has to stand, in the order in which it is made.
    public enum Part: String, Sendable, CaseIterable {
        /// User, process, mount, IPC, host-name and network namespaces, with their id maps
        case namespaces
        /// The private files, and a /dev and a /proc of its own
        case mounts
        /// The link between the two network namespaces, with addresses and routes
        case link
        /// The routing rules that keep the relay's kernel from answering
        case routingRules = "routing-rules"
        /// The sockets that catch packets, and the listeners
        case rawSockets = "raw-sockets"
        /// The command, with its capabilities dropped and its filter loaded
        case command
    }

    /// All of it stood, and was taken down.
    case held
    /// A step failed.
    case failed(Part, SandboxError)

    /// Tries. Nothing is left running, and nothing is sent to anyone.
    public static func run() -> Trial {
        // A caller that ignores SIGCHLD would have the kernel reap what we wait for.
        ProcessSignal.setDefault(SIGCHLD)
        let plan: SandboxPlan
        do {
            plan = try makePlan()
        } catch {
            return .failed(.command, SandboxError(error: error, advice: Advice.about(error)))
        }
        do {
            let inheritance = Launcher.Inheritance.remember(ignoring: [], defaulting: [])
            try watch(Launcher(plan, inheritance: inheritance).launch())
            return .held
        } catch {
            return .failed(part(of: error.error.stage, in: plan), error)
        }
    }

    /// The part that a step belongs to.
    static func part(of stage: String, in plan: SandboxPlan) -> Part {
        func has(_ steps: [SandboxPlan.Step]) -> Bool { steps.contains { $0.what == stage } }
        if stage.contains("routing rules") { return .routingRules }
        if has(plan.relayBefore) || has(plan.relay) || has(plan.worker) { return .link }
        if (plan.relaySockets + plan.workerSockets + plan.listeners).contains(where: { $0.what == stage }) {
            return .rawSockets
        }
        if has(plan.mounts) { return .mounts }
        let isNamespace = ["cloning the agent", "cloning init", "_map'", "setgroups'"].contains { stage.contains($0) }
        return isNamespace ? .namespaces : .command
    }

    private static func makePlan() throws(SystemError) -> SandboxPlan {
        let files = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"].map { (path: $0, [UInt8]()) }
        let command = CommandPlan(
            candidates: ["/bin/true", "/usr/bin/true"],
            arguments: [Array("true".utf8)],
            environment: [],
            terminal: -1,
            capabilities: Identity.current().capabilities
        )
        return try SandboxPlan(command: command, loopback: [], files: PrivateFiles(contents: files))
    }

    /// Waits until the command has ended, and takes the sandbox down.
    private static func watch(_ sandbox: consuming Sandbox) throws(SandboxError) {
        let listener = sandbox.agent.mintListener(isIPv6: false, port: 443)
        let code = listener == nil ? EPROTO : awaitEnd(sandbox.initControl.raw, after: sandbox.earlyReport)
        for pid in [sandbox.initPid, sandbox.agentPid] {
            kill(pid, SIGKILL)
            _ = ProcessSignal.reap(pid, until: monotonicNow() + 10_000_000_000)
        }
        for descriptor in [sandbox.notifications, sandbox.diagnostics] + sandbox.relaySockets.values {
            close(descriptor)
        }
        if let listener { close(listener) }
        guard code == 0 else {
            let stage = listener == nil ? "listening on a port" : "running /bin/true"
            throw SandboxError(error: SystemError(stage, code: code), advice: nil)
        }
    }

    /// 0 once init reports that the command ended well, else an errno. A machine without /bin/true is no reason to doubt
    /// the sandbox: it stood when the command was to be executed.
    private static func awaitEnd(_ control: Int32, after early: SandboxReport?) -> Int32 {
        if let early, let code = end(early) { return code }
        let deadline = monotonicNow() + 60_000_000_000
        while monotonicNow() < deadline {
            var entry = pollfd(fd: control, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 1000) == 1 else { continue }
            guard let report = try? SandboxReport.receive(control) else { return ECHILD }
            if let code = end(report) { return code }
        }
        return ETIMEDOUT
    }

    /// What a report says of the command's end; nil while it runs.
    private static func end(_ report: SandboxReport) -> Int32? {
        switch report {
        case .exited(let status): status == 0 ? 0 : EPROTO
        case .executionFailed(let code): code == ENOENT ? 0 : code
        case .failed(let error): error.code
        default: nil
        }
    }
}
