// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Sends one message with descriptors (SCM_RIGHTS, unix(7)); false if it can't be sent. The descriptors stay the
/// caller's.
public func sendMessage(_ bytes: [UInt8], descriptors: [Int32], on socket: Int32) -> Bool {
    var content = bytes
    // struct cmsghdr: length, SOL_SOCKET, SCM_RIGHTS; then the descriptors, padded to 8.
    let length = 16 + 4 * descriptors.count
    var control = [UInt64](repeating: 0, count: (length + 7) / 8)
    return unsafe content.withUnsafeMutableBytes { content in
        unsafe control.withUnsafeMutableBytes { control in
            unsafe control.storeBytes(of: UInt64(length), as: UInt64.self)
            unsafe control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            unsafe control.storeBytes(of: 1, toByteOffset: 12, as: Int32.self)
            for (index, descriptor) in descriptors.enumerated() {
                unsafe control.storeBytes(of: descriptor, toByteOffset: 16 + 4 * index, as: Int32.self)
            }
            var part = unsafe iovec(iov_base: content.baseAddress, iov_len: content.count)
            var message = unsafe msghdr()
            return unsafe withUnsafeMutablePointer(to: &part) { part in
                unsafe message.msg_iov = part
                unsafe message.msg_iovlen = 1
                if !descriptors.isEmpty {
                    unsafe message.msg_control = control.baseAddress
                    unsafe message.msg_controllen = control.count
                }
                return unsafe sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) == content.count
            }
        }
    }
}
