// SPDX-License-Identifier: Apache-2.0

import CLinux
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

    /// A call by its name, or "#" and its number.
    static func number(of name: String) -> UInt32? {
        if name.hasPrefix("#") { return UInt32(name.dropFirst()) }
        let number = unsafe seccomp_syscall_resolve_name(name)
        return number < 0 ? nil : UInt32(number)
    }

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
        return switch comparison {
        case .masked(let mask, let wanted): value & mask == wanted
        case .greater(let bound): value > bound
        case .not(let unwanted): value != unwanted
        }
    }

    /// The same arguments, changed so that it holds or does not, and otherwise as they were where that can be.
    func making(_ arguments: [UInt64], hold: Bool) -> [UInt64] {
        var arguments = arguments
        let index = Int(argument)
        let value = arguments[index]
        arguments[index] =
            switch comparison {
            case .masked(let mask, let wanted): hold ? value & ~mask | wanted : value & ~mask | ~wanted & mask
            case .greater(let bound): hold ? max(value, bound + 1) : value % (bound + 1)
            case .not(let unwanted): hold ? (value == unwanted ? unwanted + 1 : value) : unwanted
            }
        return arguments
    }
}

extension SyscallRule {
    /// What the filter answers by this row.
    var answer: FilterAnswer { isNotified ? .asks : .fails(code) }
}
