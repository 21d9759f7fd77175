// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// One message of a control socket, with the descriptors that came along.
public struct ControlMessage: Sendable {
    /// The payload.
    public let bytes: [UInt8]
    /// Descriptors received by SCM_RIGHTS, close-on-exec, owned by whoever takes the message.
    public let descriptors: [Int32]
}

extension Socket {
    /// Receives one message; nil at end of file. Blocks if the socket does.
    public static func receiveControl(_ descriptor: Int32, capacity: Int) throws(SystemError) -> ControlMessage? {
        var buffer = [UInt8](repeating: 0, count: capacity)
        var descriptors = [Int32](repeating: -1, count: 64)
        var count = descriptors.count
        let length = try retrying("receiving a report") {
            unsafe egress_receive_descriptors(descriptor, &buffer, capacity, &descriptors, &count)
        }
        if length == 0 { return nil }
        return ControlMessage(bytes: Array(buffer[..<length]), descriptors: Array(descriptors[..<count]))
    }
}
