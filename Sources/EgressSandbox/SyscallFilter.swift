// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The command's system-call filter as a table: what is harmless is allowed, and what is not in the table fails with ENOSYS,
/// as a call does that the kernel does not have.
///
/// The network namespace is the wall for IP. The filter shuts what is not scoped by it, keeps the command off the kernel's
/// machinery for the whole machine, and leaves a new call of a later kernel out until it has been read.
///
/// The table was read against Linux 7.0, whose last call is `rseq_slice_yield` (471). A test fails when the headers of the
/// machine it runs on have a call that is in none of the groups.
public enum SyscallFilter {
    /// Every rule of a run without options.
    public static var rules: [SyscallRule] { rules(unixDatagrams: false) }

    /// The rules of a run.
    ///
    /// - Parameters:
    ///   - unixDatagrams: whether unix datagram sockets are allowed; the supervisor then performs what names where it sends to
    ///   - keepsCoreLimit: whether the limit of core dumps stays as it is (see `CoreDumps`)
    public static func rules(
        unixDatagrams: Bool,
        keepsCoreLimit: Bool = false
    ) -> [SyscallRule] {
        (allowed + refused).flatMap(\.rules) + sockets(unixDatagrams: unixDatagrams)
            + processes(keepsCoreLimit: keepsCoreLimit) + devices
    }

    /// Groups of calls that are allowed whatever their arguments.
    static var allowed: [SyscallGroup] { files + memory + tasks + waiting }
}
