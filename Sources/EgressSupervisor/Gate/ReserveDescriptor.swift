// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A descriptor kept for the time when there are none: it is closed to accept and refuse one connection, and opened again.
final class ReserveDescriptor {
    private var descriptor = try? FileDescriptorBox(FileDescriptor.open("/dev/null", O_RDONLY))

    /// Accepts and resets one connection; where it wanted to go, or nil when that isn't possible either.
    func spend(on listener: Int32) -> SocketAddress? {
        descriptor = nil
        defer { descriptor = try? FileDescriptorBox(FileDescriptor.open("/dev/null", O_RDONLY)) }
        guard let (number, _) = try? Socket.accept(listener) else { return nil }
        defer { close(number) }
        Socket.resetOnClose(number)
        return Socket.localAddress(number)
    }
}
