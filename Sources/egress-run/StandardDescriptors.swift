// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem

/// Refuses standard descriptors that lead elsewhere than what they are.
func checkStandardDescriptors() throws(Failure) {
    for number in 0...2 as ClosedRange<Int32> {
        let objection: String?
        do { objection = try StandardDescriptor.objection(to: number) } catch { throw Failure(error.description) }
        if let objection {
            throw Failure("descriptor \(number) is \(objection) (give a file, a pipe or a terminal instead)")
        }
        // fstat(2), which isForeignSocket uses, would ask the server of a file.
        guard DescriptorKind(of: number)?.type != UInt32(S_IFSOCK) || !isForeignSocket(number) else {
            throw Failure(
                "descriptor \(number) is a socket that leads outside the sandbox (give a pipe, a file or a terminal instead)"
            )
        }
    }
}

/// The unix sockets among them, which refuse descriptors from now on.
func standardSockets() throws(Failure) -> StandardSockets {
    do { return try StandardSockets() } catch {
        throw Failure(
            "descriptor \(error.number) is a unix socket over which descriptors were sent, which may lead outside the sandbox "
                + "(receive them before, or give a pipe, a file or a terminal instead)"
        )
    }
}
