// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Descriptors that come over unix sockets (SCM_RIGHTS of unix(7)). One of a socket that was made in another network
/// namespace stays there: what is sent on it without connect(2), nothing holds. So none is taken from outside.
public enum ReceivedRights {
    /// SO_PASSRIGHTS of SOL_SOCKET.
    public static let option: Int32 = 83

    /// True if the kernel can have a socket refuse descriptors (Linux 6.16).
    public static var canBeRefused: Bool {
        guard let pair = try? FileDescriptor.socketPair(type: Socket.stream) else { return false }
        defer {
            close(pair.0)
            close(pair.1)
        }
        return egress_rights_allowed(pair.0) >= 0
    }

    /// Has a unix socket refuse descriptors: their sender gets EPERM. Does nothing where the kernel can't.
    public static func refuse(on socket: Int32) {
        _ = egress_rights_allow(socket, 0)
    }
}

/// The unix sockets among standard input, output and error: their other ends are outside.
public struct StandardSockets: Sendable {
    /// Why the command can't have one of them.
    public struct Waiting: Error {
        /// Which.
        public let number: Int32
    }

    private var changed: [Int32] = []

    /// Has them all refuse descriptors, where the kernel can.
    ///
    /// - Throws: which one holds descriptors that were sent before.
    public init() throws(Waiting) {
        for number in 0...2 as ClosedRange<Int32> where egress_rights_allowed(number) >= 0 {
            if egress_rights_allowed(number) == 1 {
                ReceivedRights.refuse(on: number)
                changed.append(number)
            }
            guard egress_rights_wait(number) == 0 else {
                restore()
                throw Waiting(number: number)
            }
        }
    }

    /// Lets those take descriptors again that did before, once the command is gone: the caller may go on with them. One that
    /// was given up meanwhile is left as it is: kept open for this, its reader would not see its end.
    public func restore() {
        for number in changed where egress_rights_allowed(number) == 0 { _ = egress_rights_allow(number, 1) }
    }
}
