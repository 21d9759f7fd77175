// SPDX-License-Identifier: Apache-2.0

/// Why `egress-run` itself gives up: one line for a person. The command has not run.
struct Failure: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
