// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import LinuxSystem

/// The agent, in R and with rights over its network namespace and W's, as the supervisor speaks to it.
public final class Agent {
    private let control: FileDescriptor
    /// While an answer is missing, answers and requests would not match: nothing is asked.
    private var isLost = false

    /// How long the agent may take, in nanoseconds; it only makes system calls.
    private static let timeout: UInt64 = 1_000_000_000

    /// Takes the agent's control socket.
    public init(control: consuming FileDescriptor) {
        self.control = control
    }

    /// The control socket, to wait on: it becomes readable when the agent is gone.
    public var descriptor: Int32 { control.raw }

    /// True once the agent's process has ended. An answer that came too late is taken and thrown away; then requests and
    /// answers match again.
    public func isGone() -> Bool {
        var byte: UInt8 = 0
        let length = unsafe recv(control.raw, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        if length > 0, case .listener(let late, _) = try? SandboxReport.receive(control.raw) {
            if let late { close(late) }
            isLost = false
        }
        return length == 0
    }

    /// A listener on a port of R that holds its SYNs; nil when the agent can't or doesn't answer, which denies.
    public func mintListener(isIPv6: Bool, port: UInt16) -> Int32? {
        ask(egress_request(family: isIPv6 ? 1 : 0, port: UInt32(port)))
    }

    /// The file that a unix socket is bound to (O_PATH), whatever its name leads to by now; nil when it has none, or the agent
    /// can't or doesn't answer.
    public func file(of socket: Int32) -> Int32? {
        ask(egress_request(family: UInt32(EGRESS_REQUEST_FILE), port: 0), with: socket)
    }

    private func ask(_ request: egress_request, with descriptor: Int32 = -1) -> Int32? {
        guard !isLost else { return nil }
        isLost = true
        let isSent = unsafe withUnsafeBytes(of: request) { bytes in
            guard let memory = bytes.baseAddress else { return false }
            return unsafe egress_send_with_descriptor(control.raw, memory, bytes.count, descriptor) == 0
        }
        guard isSent else { return nil }
        var entry = pollfd(fd: control.raw, events: Int16(POLLIN), revents: 0)
        let end = monotonicNow() + Self.timeout
        var ready: Int32
        repeat {
            // A signal neither cuts it short nor, again and again, draws it out.
            let left = end - min(end, monotonicNow())
            ready = unsafe poll(&entry, 1, Int32(left / 1_000_000))
        } while ready < 0 && errno == EINTR
        guard ready == 1 else { return nil }
        guard case .listener(let answer, _) = try? SandboxReport.receive(control.raw) else { return nil }
        isLost = false
        return answer
    }
}
