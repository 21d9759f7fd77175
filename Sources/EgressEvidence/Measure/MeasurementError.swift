// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// Why no statement is made. The command must not run.
public enum MeasurementError: Error, Equatable, CustomStringConvertible {
    /// Something could not be measured.
    case failed(SystemError)
    /// Something was measured that does not hold a command; what it is and what it must be.
    case contradicted(String)
    /// There is no command that could be executed, for this errno.
    case notExecutable(code: Int32)

    /// A sentence.
    public var description: String {
        switch self {
        case .failed(let error): "the command can't be measured: \(error)"
        case .contradicted(let what): "the command is not held as it must be: \(what)"
        case .notExecutable(let code): SystemError("looking for the command", code: code).description
        }
    }
}
