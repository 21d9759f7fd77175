// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call that failed: what was being done, and the errno it failed with.
///
/// Two errors are equal when stage and errno are.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as a gerund: "opening policy.yaml".
    public let stage: String
    /// The errno(3) value.
    public let code: Int32

    /// An error from a known errno value.
    public init(_ stage: String, code: Int32) {
        self.stage = stage
        self.code = code
    }

    /// An error from the calling thread's errno.
    public init(_ stage: String) {
        self.init(stage, code: errno)
    }

    /// The errno in words, as strerror(3) has them.
    public var reason: String { unsafe String(cString: strerror(code)) }

    /// "opening policy.yaml: Permission denied"
    public var description: String { "\(stage): \(reason)" }
}

/// Calls a system call again while it is interrupted by a signal; throws what it failed with.
@inline(__always)
func retrying<Result: SignedInteger>(
    _ stage: @autoclosure () -> String,
    _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(stage()) }
    }
}
