// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import LinuxSystem

/// A sandbox that stands, with the command started in it.
public struct Sandbox: ~Copyable {
    /// R's sockets.
    public var relaySockets: [RelaySocket: Int32]
    /// W's sockets, if ports of the host's loopback are let in.
    public var loopback: LoopbackSockets?
    /// The agent in R.
    public let agent: Agent
    /// Init's control socket, on which it reports.
    public let initControl: FileDescriptor
    /// The command, for pidfd_send_signal(2).
    public let command: FileDescriptor
    /// Where the command's notified calls come to (seccomp_unotify(2)).
    public let notifications: Int32
    /// The command's user namespace.
    public let userNamespace: FileDescriptor
    /// A netlink socket of W, for sock_diag(7); also tells which namespace W is.
    public let diagnostics: Int32
    /// What init reported before the launch was over: the command could not be executed.
    public let earlyReport: SandboxReport?
    /// Pids in our own pid namespace.
    public let agentPid, initPid, commandPid: Int32
}

/// Sockets of W's loopback.
public struct LoopbackSockets: Sendable {
    /// The sockets of one family, as R's.
    public struct Zone: Sendable {
        /// Copies of SYNs and of datagrams.
        public let captureTCP, captureUDP: Int32
        /// For what is injected.
        public let raw: Int32
    }

    /// By family, those that have a port.
    public let ipv4, ipv6: Zone?
    /// A listener for each TCP port, and for each UDP port a socket that only keeps it.
    public let sockets: [Int32]
    /// The ports.
    public let ports: [HostLoopbackPort]

    static func families(of ports: [HostLoopbackPort]) -> [PacketFilters.Family] {
        [.ipv4, .ipv6].filter { family in ports.contains { $0.family == family } }
    }

    /// From the order of `SandboxPlan.loopbackSockets`.
    init?(_ descriptors: [Int32], ports: [HostLoopbackPort]) {
        let families = Self.families(of: ports)
        guard !ports.isEmpty, descriptors.count == families.count * 3 + ports.count else { return nil }
        func zone(_ family: PacketFilters.Family) -> Zone? {
            families.firstIndex(of: family).map { index in
                Zone(
                    captureTCP: descriptors[index * 3],
                    captureUDP: descriptors[index * 3 + 1],
                    raw: descriptors[index * 3 + 2]
                )
            }
        }
        (ipv4, ipv6) = (zone(.ipv4), zone(.ipv6))
        sockets = Array(descriptors.dropFirst(families.count * 3))
        self.ports = ports
    }
}

/// Why no sandbox stands. The command was not run.
public struct SandboxError: Error, CustomStringConvertible {
    /// What failed.
    public let error: SystemError
    /// What to do about it, if that is known.
    public let advice: String?

    /// "making ...: Operation not permitted (advice)"
    public var description: String {
        advice.map { "\(error) (\($0))" } ?? error.description
    }

    /// True if the machine's mounts changed while the sandbox was made: another plan may succeed.
    public var isOutdated: Bool { error.stage == SandboxPlan.changedMounts }

    /// What `make` gives; an error of it as this one.
    public static func of<Value>(_ make: () throws(SystemError) -> Value) throws(SandboxError) -> Value {
        do { return try make() } catch { throw SandboxError(error: error, advice: Advice.about(error)) }
    }
}

/// What init and the agent report.
public enum SandboxReport: Sendable, Equatable {
    /// A step failed; the process ended.
    case failed(SystemError)
    /// The sockets are made; from the agent, with the pid of init.
    case ready(pid: Int32, descriptors: [Int32])
    /// The command runs.
    case started(pidfd: Int32)
    /// execve(2) failed.
    case executionFailed(code: Int32)
    /// The command was stopped by a signal.
    case stopped(signal: Int32)
    /// The command goes on.
    case continued
    /// The command ended, with a wait status.
    case exited(status: Int32)
    /// The listener of the command's seccomp notifications.
    case notifications(descriptor: Int32)
    /// The command is held before its filter is loaded.
    case held(pidfd: Int32)
    /// The held command's filter is loaded; with the number of its listener over there.
    case filtered(listener: Int32)
    /// The agent's answer to a request.
    case listener(descriptor: Int32?, code: Int32)

    /// The next report on a control socket; nil when its process is gone.
    public static func receive(_ control: Int32) throws(SystemError) -> SandboxReport? {
        guard let message = try Socket.receiveControl(control, capacity: MemoryLayout<egress_report>.size) else {
            return nil
        }
        guard let report = decode(message) else {
            message.descriptors.forEach { close($0) }
            throw SystemError("reading a report", code: EPROTO)
        }
        return report
    }

    private static func decode(_ message: ControlMessage) -> SandboxReport? {
        guard message.bytes.count == MemoryLayout<egress_report>.size else { return nil }
        func number(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(message.bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        let value = Int32(bitPattern: number(4))
        switch egress_report_kind(rawValue: number(0)) {
        case EGRESS_REPORT_FAILED:
            let what = String(decoding: message.bytes[8...].prefix { $0 != 0 }, as: UTF8.self)
            return .failed(SystemError(what, code: value))
        case EGRESS_REPORT_READY: return .ready(pid: value, descriptors: message.descriptors)
        case EGRESS_REPORT_STARTED: return message.descriptors.first.map { .started(pidfd: $0) }
        case EGRESS_REPORT_EXEC_FAILED: return .executionFailed(code: value)
        case EGRESS_REPORT_STOPPED: return .stopped(signal: value)
        case EGRESS_REPORT_CONTINUED: return .continued
        case EGRESS_REPORT_EXITED: return .exited(status: value)
        case EGRESS_REPORT_NOTIFICATIONS:
            return message.descriptors.first.map { .notifications(descriptor: $0) }
        case EGRESS_REPORT_HELD: return message.descriptors.first.map { .held(pidfd: $0) }
        case EGRESS_REPORT_FILTERED: return .filtered(listener: value)
        case EGRESS_REPORT_LISTENER: return .listener(descriptor: message.descriptors.first, code: value)
        default: return nil
        }
    }
}
