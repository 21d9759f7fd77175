// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Enters a user namespace for good, with some of its capabilities, and loads a seccomp filter; see `CShim/linux/act.c`.
public func confine(
    in namespace: borrowing FileDescriptor,
    capabilities: UInt64,
    filter: [BPFProgram.Instruction]
) throws(SystemError) {
    var instructions = filter.map { sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand) }
    let failed: UnsafePointer<CChar>? = unsafe instructions.withUnsafeMutableBufferPointer { buffer in
        var program = unsafe sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
        return unsafe egress_confine(namespace.raw, capabilities, &program)
    }
    if let failed = unsafe failed { throw SystemError(unsafe String(cString: failed)) }
}

/// The number of a system call here; nil for one that this architecture doesn't have.
public func systemCallNumber(_ name: String) -> UInt32? {
    let number = unsafe seccomp_syscall_resolve_name(name)
    return number < 0 ? nil : UInt32(number)
}

/// What seccomp(2) calls the architecture that we were built for: AUDIT_ARCH_X86_64 and so on.
public var nativeArchitecture: UInt32 { seccomp_arch_native() }
