// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

@testable import EgressSandbox

/// A system call as the filter sees it.
struct SystemCall {
    /// AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (linux/audit.h), and some that are neither.
    #if arch(x86_64)
    static let nativeArchitecture: UInt32 = 0xc000_003e
    #else
    static let nativeArchitecture: UInt32 = 0xc000_00b7
    #endif

    var number: UInt32
    var arguments: [UInt64]
    var architecture = nativeArchitecture

    /// A call by its name.
    static func number(of name: String) -> UInt32? { (try? SyscallNumber.native(of: name)) ?? nil }

    /// struct seccomp_data (seccomp(2)): number, architecture, instruction pointer, six arguments.
    var data: [UInt8] {
        let six = (arguments + [UInt64](repeating: 0, count: 6)).prefix(6)
        return NetlinkMessage.bytes(number) + NetlinkMessage.bytes(architecture)
            + NetlinkMessage.bytes(UInt64(0x7f00_1234_5678)) + six.flatMap { NetlinkMessage.bytes($0) }
    }
}

/// What a filter answers.
enum FilterAnswer: Equatable, CustomStringConvertible {
    case allowed
    case fails(Int32)
    /// SECCOMP_RET_USER_NOTIF
    case asks
    case other(UInt32)

    /// SECCOMP_RET_ALLOW, or SECCOMP_RET_ERRNO with the errno.
    init(_ value: UInt32) {
        switch value {
        case 0x7fff_0000: self = .allowed
        case 0x0005_0000...0x0005_0fff: self = .fails(Int32(value & 0xffff))
        case 0x7fc0_0000: self = .asks
        default: self = .other(value)
        }
    }

    var description: String {
        switch self {
        case .allowed: "allowed"
        case .fails(let code): unsafe String(cString: strerror(code))
        case .asks: "asks the supervisor"
        case .other(let value): "0x\(String(value, radix: 16))"
        }
    }
}

extension SyscallRule.Condition {
    /// Whether it holds of arguments.
    func holds(of arguments: [UInt64]) -> Bool {
        let value = arguments[Int(argument)]
        let low = UInt32(truncatingIfNeeded: value)
        return switch comparison {
        case .masked(let mask, let wanted): wanted.contains(low & mask)
        case .anyOf(let mask): low & mask != 0
        case .nonzero: value != 0
        case .within(let mask): value & ~mask == 0
        }
    }

    /// The same arguments, changed so that it holds or does not, and otherwise as they were where that can be.
    func making(_ arguments: [UInt64], hold: Bool, choice: Int = 0) -> [UInt64] {
        var arguments = arguments
        let index = Int(argument)
        let value = arguments[index]
        switch comparison {
        case .masked(let mask, let wanted):
            let one = wanted[choice % wanted.count]
            // Of all numbers that are near, one is not among a handful.
            let other = (1..<64).lazy.map { (one &+ $0) & mask }.first { !wanted.contains($0) } ?? ~one & mask
            arguments[index] = value & ~UInt64(mask) | UInt64(hold ? one & mask : other)
        case .anyOf(let mask):
            let bit = UInt64(1) << UInt64(mask.trailingZeroBitCount)
            arguments[index] = hold ? value | bit : value & ~UInt64(mask)
        case .nonzero:
            arguments[index] = hold ? max(value, 1) : 0
        case .within(let mask):
            arguments[index] = hold ? value & mask : value | ~mask
        }
        return arguments
    }
}

extension FilterAnswer {
    /// What the table says, without a program: of a call's rules the first that holds decides.
    static func of(_ call: String, _ arguments: [UInt64], by rules: [SyscallRule]) -> FilterAnswer {
        let first = rules.first { $0.call == call && $0.conditions.allSatisfy { $0.holds(of: arguments) } }
        return switch first?.verdict {
        case .allowed: .allowed
        case .fails(let code): .fails(code)
        case .notified: .asks
        case nil: .fails(ENOSYS)
        }
    }
}
