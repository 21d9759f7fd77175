// SPDX-License-Identifier: Apache-2.0

/// Why `egress-run` itself gives up: one line for a person. The command has not run.
struct Failure: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The exit statuses of `egress-run`, as env(1), timeout(1) and shells have them.
enum ExitStatus {
    static let timedOut: Int32 = 124
    static let ownFailure: Int32 = 125
    static let cannotExecute: Int32 = 126
    static let notFound: Int32 = 127
    /// What a shell reports of a command that SIGKILL ended.
    static let killed: Int32 = 137

    /// The status for a wait status: the command's own, or 128+N when signal N ended it.
    static func of(waitStatus status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
