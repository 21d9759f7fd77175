// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem

/// What the supervisor gives up once the command is there.
///
/// Whoever performs a call lends it its own rights. So the supervisor has none that the command lacks: it enters the
/// command's user namespace, which it then doesn't own any more, keeps what the command has of capabilities, can gain
/// nothing by execve(2), is readable by nobody, and makes no other system calls than it needs (`SupervisorFilter`).
///
/// Landlock is no part of it: a process in a Landlock domain may look at no process outside of that domain, and the command
/// is not in it.
enum Confinement {
    /// Enters. Only for a process of one thread, which may have had a second one until just now.
    static func enter(
        _ namespace: borrowing FileDescriptor,
        capabilities: UInt64,
        writesFiles: Bool
    ) throws(SystemError) {
        let filter = try SupervisorFilter.program(writesFiles: writesFiles)
        try confine(in: namespace, capabilities: capabilities, filter: filter)
    }
}
