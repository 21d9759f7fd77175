// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Where a core dump of the command would go, by the machine's kernel.core_pattern (core(5)): a dump is written by the kernel,
/// with what the command put into its memory, and a program that takes it may send it on.
public enum CoreDumps: Sendable, Equatable, CaseIterable, CustomStringConvertible {
    /// To a file, which the command could write itself.
    case file
    /// To a program outside, by a pipe ('|'). A limit of 1 forbids that, and none else does: so the command has it, and can't
    /// set another.
    case pipe
    /// To a program outside, by a unix socket ('@', Linux 6.16). The kernel lifts every limit for it (`coredump_sock_connect` in
    /// fs/coredump.c sets RLIM_INFINITY), so it can't be forbidden.
    case socket

    /// Why no command is held where its dumps go to a socket.
    static let cannotBeHeld = SystemError(
        "keeping core dumps inside (kernel.core_pattern begins with '@')",
        code: EPERM
    )

    /// By a pattern; one that can't be read might be a pipe's.
    init(pattern: [UInt8]?) {
        switch pattern?.first {
        case UInt8(ascii: "|"), nil: self = .pipe
        case UInt8(ascii: "@"): self = .socket
        default: self = .file
        }
    }

    /// This machine's. A kernel without core dumps has no pattern.
    public static func ofHost() -> CoreDumps {
        let path = "/proc/sys/kernel/core_pattern"
        if unsafe access(path, F_OK) != 0 && errno == ENOENT { return .file }
        return CoreDumps(pattern: contents(ofFile: path))
    }

    /// Whether a command that a signal ended is one that left no dump because of us.
    ///
    /// - Parameter status: a wait status (wait(2))
    public func keepsDump(of status: Int32) -> Bool {
        // signal(7): SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS
        self == .pipe && [3, 4, 5, 6, 7, 8, 11, 24, 25, 31].contains(status & 0x7f)
    }

    /// What is done.
    public var description: String {
        switch self {
        case .file: "as the caller has them"
        case .pipe: "none (RLIMIT_CORE is 1)"
        case .socket: "can't be forbidden"
        }
    }
}
