// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The program of a system-call filter (seccomp(2)): architecture, then number, then arguments.
///
/// Every part ends with a return and is entered at its start only, so parts are put one behind another and jumps need no
/// names.
struct SyscallProgram {
    private typealias Instruction = BPFProgram.Instruction

    /// AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 (linux/audit.h)
    #if arch(x86_64)
    private static let architecture: UInt32 = 0xc000_003e
    #elseif arch(arm64)
    private static let architecture: UInt32 = 0xc000_00b7
    #endif

    let instructions: [BPFProgram.Instruction]

    /// A program of rules by their call's number.
    init(_ rules: [UInt32: [SyscallRule]]) {
        let unknown = Self.answer(.fails(ENOSYS))
        let ranges = Self.ranges(rules.mapValues { Self.calls($0) + unknown }, otherwise: unknown)
        instructions =
            [
                Self.load(4), Instruction(code: 0x15, ifTrue: 1, ifFalse: 0, operand: Self.architecture),
            ] + unknown + [Self.load(0)] + Self.search(ranges[...])
    }

    // MARK: Numbers

    /// Numbers from `start` on, up to the next range, that have the same program.
    private struct Range {
        let start: UInt32
        let program: [Instruction]
    }

    private static func ranges(_ programs: [UInt32: [Instruction]], otherwise: [Instruction]) -> [Range] {
        var ranges = [Range(start: 0, program: otherwise)]
        func add(_ start: UInt32, _ program: [Instruction]) {
            if ranges.last?.start == start { ranges.removeLast() }
            if ranges.last?.program != program { ranges.append(Range(start: start, program: program)) }
        }
        for (number, program) in programs.sorted(by: { $0.key < $1.key }) {
            // What is always answered alike is its answer alone: neighbours then share a range.
            add(number, program[0].code == 0x06 ? [program[0]] : program)
            add(number + 1, otherwise)
        }
        // -1 is no call: a tracer sets it to have one skipped, with the result that it gives (ptrace(2)). Below it, from
        // 0x40000000 on, lie the calls of x32, which no rule names.
        add(.max, answer(.allowed))
        return ranges
    }

    private static func search(_ ranges: ArraySlice<Range>) -> [Instruction] {
        if ranges.count == 1, let only = ranges.first { return only.program }
        let middle = ranges.startIndex + ranges.count / 2
        let below = search(ranges[..<middle]), above = search(ranges[middle...])
        let start = ranges[middle].start
        // A conditional jump reaches 255 instructions; further goes only one without a condition.
        if let reach = UInt8(exactly: below.count) {
            return [Instruction(code: 0x35, ifTrue: reach, ifFalse: 0, operand: start)] + below + above
        }
        return [
            Instruction(code: 0x35, ifTrue: 0, ifFalse: 1, operand: start),
            Instruction(code: 0x05, ifTrue: 0, ifFalse: 0, operand: UInt32(below.count)),
        ] + below + above
    }

    // MARK: Arguments

    /// One call's rules, in their order; what none decides goes on behind them.
    private static func calls(_ rules: [SyscallRule]) -> [Instruction] {
        rules.flatMap { rule in conditions(rule.conditions, then: answer(rule.verdict)) }
    }

    /// The answer, if all conditions hold; else it is passed over.
    private static func conditions(_ conditions: [SyscallRule.Condition], then answer: [Instruction]) -> [Instruction] {
        var tail = answer
        for condition in conditions.reversed() { tail = test(condition, missing: tail.count) + tail }
        return tail
    }

    /// Falls through when the condition holds, and else passes over the `missing` instructions behind it.
    private static func test(_ condition: SyscallRule.Condition, missing: Int) -> [Instruction] {
        // struct seccomp_data: six arguments of 64 bits from 16 on, little-endian on every machine this runs on.
        let low = load(16 + 8 * condition.argument), high = load(20 + 8 * condition.argument)
        guard let over = UInt8(exactly: missing), over < 240 else { preconditionFailure("a rule that is too long") }
        switch condition.comparison {
        case .masked(let mask, let values):
            let masking = mask == .max ? [] : [Instruction(code: 0x54, ifTrue: 0, ifFalse: 0, operand: mask)]
            let last = values.count - 1
            let tests = values.enumerated().map { index, value in
                Instruction(code: 0x15, ifTrue: UInt8(last - index), ifFalse: index == last ? over : 0, operand: value)
            }
            return [low] + masking + tests
        case .anyOf(let mask):
            return [low, Instruction(code: 0x45, ifTrue: 0, ifFalse: over, operand: mask)]
        case .nonzero:
            return [
                low, Instruction(code: 0x15, ifTrue: 0, ifFalse: 2, operand: 0),
                high, Instruction(code: 0x15, ifTrue: over, ifFalse: 0, operand: 0),
            ]
        case .within(let mask):
            return [
                low, Instruction(code: 0x45, ifTrue: over + 2, ifFalse: 0, operand: ~UInt32(truncatingIfNeeded: mask)),
                high,
                Instruction(code: 0x45, ifTrue: over, ifFalse: 0, operand: ~UInt32(truncatingIfNeeded: mask >> 32)),
            ]
        }
    }

    private static func load(_ offset: UInt32) -> Instruction {
        Instruction(code: 0x20, ifTrue: 0, ifFalse: 0, operand: offset)
    }

    /// SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, or SECCOMP_RET_ERRNO with the errno in its low 16 bits
    private static func answer(_ verdict: SyscallRule.Verdict) -> [Instruction] {
        let value: UInt32 =
            switch verdict {
            case .allowed: 0x7fff_0000
            case .notified: 0x7fc0_0000
            case .fails(let code): 0x0005_0000 | UInt32(code)
            }
        return [Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: value)]
    }
}
