// SPDX-License-Identifier: Apache-2.0

/// A rule of a system-call filter: a call, conditions that all must hold, and what then becomes of it.
public struct SyscallRule: Hashable, Sendable {
    /// What becomes of a call.
    public enum Verdict: Hashable, Sendable {
        /// The kernel performs it.
        case allowed
        /// It fails with an errno; with 0 it seems to succeed, and nothing is done.
        case fails(Int32)
        /// It waits for a supervisor's answer (seccomp_unotify(2)).
        case notified
    }

    /// A condition on one argument.
    public struct Condition: Hashable, Sendable {
        /// What is compared. The kernel reads an `int` from the low half of a register, and so do the first two.
        public enum Comparison: Hashable, Sendable {
            /// argument & mask is one of the values, in the low 32 bits
            case masked(UInt32, oneOf: [UInt32])
            /// The low 32 bits have a bit of the mask.
            case anyOf(UInt32)
            /// All 64 bits: they are not all zero, as of a pointer that is none.
            case nonzero
            /// All 64 bits: none is set outside of the mask.
            case within(UInt64)
        }

        /// Which argument, from 0.
        public let argument: UInt32
        /// What must hold of it.
        public let comparison: Comparison

        /// A condition.
        public init(_ argument: UInt32, _ comparison: Comparison) {
            self.argument = argument
            self.comparison = comparison
        }
    }

    /// The call's name (see `SyscallNumber`).
    public let call: String
    /// Conditions that all must hold; empty: always.
    public let conditions: [Condition]
    /// What becomes of it.
    public let verdict: Verdict

    /// A rule.
    public init(_ call: String, _ verdict: Verdict, _ conditions: Condition...) {
        self.call = call
        self.verdict = verdict
        self.conditions = conditions
    }
}

/// Compiles rules to the program that seccomp(2) loads.
///
/// Of a call's rules the first that holds decides. What none decides fails with ENOSYS, as do a call that no rule names, one of
/// another architecture, and one of x32. Rules for calls that this architecture does not have are left out.
///
/// The numbers are found by a binary search over ranges of the same answer. As no argument is looked at on the way to a
/// call that is always allowed, Linux 5.11 and later does not run the program for it at all (its "action cache").
public func compileSyscallFilter(_ rules: [SyscallRule]) throws(SystemError) -> [BPFProgram.Instruction] {
    var programs: [UInt32: [SyscallRule]] = [:]
    var numbers: [String: UInt32?] = [:]
    for rule in rules {
        if numbers[rule.call] == nil { numbers[rule.call] = .some(try SyscallNumber.native(of: rule.call)) }
        if let number = numbers[rule.call] ?? nil { programs[number, default: []].append(rule) }
    }
    return SyscallProgram(programs).instructions
}
