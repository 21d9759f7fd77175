// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A rule of a system-call filter: a call, conditions that all must hold, and the errno it then fails with.
public struct SyscallRule: Hashable, Sendable {
    /// A condition on one argument, over all 64 bits.
    public struct Condition: Hashable, Sendable {
        /// What is compared.
        public enum Comparison: Hashable, Sendable {
            /// argument & mask == value
            case masked(UInt64, equals: UInt64)
            /// argument > value, unsigned
            case greater(UInt64)
            /// argument != value
            case not(UInt64)
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

    /// The call's name, or its number for one that libseccomp does not know yet: "#467".
    public let call: String
    /// Conditions that all must hold; empty: always.
    public let conditions: [Condition]
    /// What the call fails with.
    public let code: Int32
    /// True if the call waits for a supervisor's answer instead (seccomp_unotify(2)).
    public let isNotified: Bool

    /// A rule.
    public init(_ call: String, _ code: Int32, _ conditions: Condition...) {
        self.call = call
        self.code = code
        self.conditions = conditions
        isNotified = false
    }

    /// A rule that asks the supervisor.
    public init(notifying call: String, _ conditions: Condition...) {
        self.call = call
        code = 0
        self.conditions = conditions
        isNotified = true
    }
}

/// Compiles rules with libseccomp (seccomp_export_bpf(3)). What no rule names is allowed; a call of another
/// architecture, or of x32, fails with ENOSYS.
public func compileSyscallFilter(_ rules: [SyscallRule]) throws(SystemError) -> [BPFProgram.Instruction] {
    let allow: UInt32 = 0x7fff_0000  // SECCOMP_RET_ALLOW
    guard let context = unsafe seccomp_init(allow) else { throw SystemError("making a seccomp filter", code: ENOMEM) }
    defer { unsafe seccomp_release(context) }
    let foreign = unsafe seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, fails(ENOSYS))
    try check("the filter's answer to foreign architectures", foreign)
    // A binary tree instead of a chain: every call of the worker passes through it.
    try unsafe check("the filter's shape", seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
    for rule in rules {
        guard let number = number(of: rule.call) else {
            throw SystemError("finding the system call '\(rule.call)'", code: ENOSYS)
        }
        let conditions = rule.conditions.map(comparison)
        try check(
            "the filter's rule for \(rule.call)",
            unsafe seccomp_rule_add_array(context, action(rule), number, UInt32(conditions.count), conditions)
        )
    }
    return try unsafe export(context)
}

private func action(_ rule: SyscallRule) -> UInt32 {
    rule.isNotified ? 0x7fc0_0000 : fails(rule.code)  // SECCOMP_RET_USER_NOTIF
}

/// SECCOMP_RET_ERRNO with the errno in its low 16 bits.
private func fails(_ code: Int32) -> UInt32 { 0x0005_0000 | UInt32(code) }

private func number(of call: String) -> Int32? {
    if call.hasPrefix("#") { return Int32(call.dropFirst()) }
    let number = unsafe seccomp_syscall_resolve_name(call)
    return number < 0 ? nil : number
}

private func comparison(_ condition: SyscallRule.Condition) -> scmp_arg_cmp {
    switch condition.comparison {
    case .masked(let mask, let value):
        scmp_arg_cmp(arg: condition.argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
    case .greater(let value):
        scmp_arg_cmp(arg: condition.argument, op: SCMP_CMP_GT, datum_a: value, datum_b: 0)
    case .not(let value):
        scmp_arg_cmp(arg: condition.argument, op: SCMP_CMP_NE, datum_a: value, datum_b: 0)
    }
}

private func check(_ what: String, _ result: Int32) throws(SystemError) {
    if result != 0 { throw SystemError("setting \(what)", code: -result) }
}

private func export(_ context: scmp_filter_ctx) throws(SystemError) -> [BPFProgram.Instruction] {
    let memory = FileDescriptor(
        owning: try retrying("making room for the filter") { unsafe egress_memory_file("filter") }
    )
    let exported = unsafe seccomp_export_bpf(context, memory.raw)
    try check("the filter's program", exported)
    lseek(memory.raw, 0, SEEK_SET)
    let bytes = try memory.readAll(limit: 1 << 20)
    // libseccomp does not notice a short write, as under RLIMIT_FSIZE: part of a filter would be none.
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    guard !bytes.isEmpty, UInt64(bytes.count) < limit.rlim_cur else {
        throw SystemError("making the filter's program (RLIMIT_FSIZE)", code: EFBIG)
    }
    return stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { instruction(bytes[$0..<$0 + 8]) }
}

/// One struct sock_filter from its eight bytes, little-endian as every machine this runs on.
private func instruction(_ bytes: ArraySlice<UInt8>) -> BPFProgram.Instruction {
    let at = bytes.startIndex
    let code = UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
    let operand = bytes[(at + 4)...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return BPFProgram.Instruction(code: code, ifTrue: bytes[at + 2], ifFalse: bytes[at + 3], operand: operand)
}
