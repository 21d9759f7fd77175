// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Socket {
    /// Bytes that were received and not read (SIOCINQ, tcp(7)); 0 if the kernel does not say.
    public static func unread(_ descriptor: Int32) -> Int { queued(descriptor, 0x541b) }

    /// Bytes that were written and that the other side has not acknowledged (SIOCOUTQ, tcp(7)); 0 if the kernel does not say.
    public static func unacknowledged(_ descriptor: Int32) -> Int { queued(descriptor, 0x5411) }

    private static func queued(_ descriptor: Int32, _ request: UInt) -> Int {
        var count: Int32 = 0
        return unsafe ioctl(descriptor, request, &count) == 0 ? Int(max(count, 0)) : 0
    }

    /// Takes back a wait of close(2) that the socket's owner may have asked for (SO_LINGER, socket(7)): the kernel sends
    /// what is left all the same.
    public static func neverLinger(_ descriptor: Int32) {
        var option = linger(l_onoff: 0, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, UInt32(MemoryLayout<linger>.size))
    }
}
