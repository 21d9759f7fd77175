// SPDX-License-Identifier: Apache-2.0

/// The exit statuses of `egress-run`, as env(1), timeout(1) and shells have them.
public enum ExitStatus {
    /// The command took longer than it may.
    public static let timedOut: Int32 = 124
    /// `egress-run` itself failed, and the command was not run.
    public static let ownFailure: Int32 = 125
    /// The command was found and could not be executed.
    public static let cannotExecute: Int32 = 126
    /// There is no such command.
    public static let notFound: Int32 = 127
    /// What a shell reports of a command that SIGKILL ended.
    public static let killed: Int32 = 137

    /// The status for a wait status (wait(2)): the command's own, or 128+N when signal N ended it.
    public static func of(waitStatus status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// The status for the errno that execve(2) failed with.
    public static func of(executionError code: Int32) -> Int32 {
        code == 2 ? notFound : cannotExecute  // ENOENT
    }
}
