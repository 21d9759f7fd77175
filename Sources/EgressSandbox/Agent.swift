// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import LinuxSystem

/// The agent in R, as the supervisor speaks to it.
public final class Agent {
    private let control: FileDescriptor
    /// Once an answer is missed, answers and requests no longer match: nothing is asked any more.
    private var isLost = false

    /// How long the agent may take; it only makes system calls.
    private static let timeout: Int32 = 1000

    /// Takes the agent's control socket.
    public init(control: consuming FileDescriptor) {
        self.control = control
    }

    /// The control socket, to wait on: it becomes readable when the agent is gone.
    public var descriptor: Int32 { control.raw }

    /// True once the agent's process has ended.
    public var isGone: Bool {
        var byte: UInt8 = 0
        return unsafe recv(control.raw, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    /// A listener on a port of R that holds its SYNs; nil when the agent can't or doesn't answer, which denies.
    public func mintListener(isIPv6: Bool, port: UInt16) -> Int32? {
        guard !isLost else { return nil }
        isLost = true
        let request = egress_request(family: isIPv6 ? 1 : 0, port: UInt32(port))
        let sent = unsafe withUnsafeBytes(of: request) { unsafe Socket.send(control.raw, $0) }
        guard case .bytes = sent else { return nil }
        var entry = pollfd(fd: control.raw, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, Self.timeout) == 1 else { return nil }
        guard case .listener(let descriptor, _) = try? SandboxReport.receive(control.raw) else { return nil }
        isLost = false
        return descriptor
    }
}
