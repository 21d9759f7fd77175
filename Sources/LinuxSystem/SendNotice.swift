// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// One message of a notified sendto(2), sendmsg(2) or sendmmsg(2), with a copy of all that it points to.
@safe public final class SendNotice {
    /// The call, its socket and the address, as of connect(2). `readError` is that of all that was read; without an
    /// address, `address` is empty.
    public let call: ConnectNotice
    /// The flags of the call.
    public let flags: Int32
    /// Which of how many messages of the call this is; 0 of 0 for a call without any.
    public let index, count: Int
    /// True of sendmmsg(2), whose result is the number of messages.
    public let isMany: Bool
    /// True if there was more data than is taken at once.
    public let isCut: Bool
    /// How many bytes of data there are.
    public let length: Int
    private let raw: egress_send_notice
    private let file: Int32

    init(_ raw: egress_send_notice, path: Int32, file: Int32) {
        call = ConnectNotice(raw.base, path: path)
        flags = raw.flags
        (index, count) = (Int(raw.index), Int(raw.count))
        (isMany, isCut) = (raw.is_many != 0, raw.is_cut != 0)
        length = Int(raw.length)
        self.raw = raw
        self.file = file
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// What it takes in memory until it is sent, in bytes.
    public var cost: Int { length + Int(raw.control_length) }

    fileprivate func send(_ socket: Int32, domain: Int32, to name: [UInt8]?, acts: Bool, from offset: Int) -> Int {
        var raw = raw
        return unsafe (name ?? []).withUnsafeBufferPointer { bytes in
            var target = unsafe egress_send_target(
                socket: socket,
                domain: domain,
                name: name == nil ? nil : bytes.baseAddress,
                name_length: UInt32(bytes.count),
                acts: acts ? 1 : 0
            )
            return unsafe Int(egress_send_now(&raw, file, &target, UInt64(offset)))
        }
    }

    /// Sends SIGPIPE to the caller, as the kernel does to one that writes to nobody.
    public func signalPipe() {
        egress_send_pipe_signal(call.task)
    }
}

extension PinnedSocket {
    /// Sends what of a message stands behind `offset`, without waiting; the caller's descriptors and credentials go along.
    ///
    /// - Parameters:
    ///   - name: where to, in place of the address that was read; nil for nowhere in particular
    ///   - acts: true if a path is to be reached with the caller's rights
    /// - Returns: how many bytes were sent
    public borrowing func send(
        _ message: SendNotice,
        to name: [UInt8]?,
        acts: Bool,
        from offset: Int
    ) -> Result<Int, SystemError> {
        let result = message.send(descriptor.raw, domain: domain, to: name, acts: acts, from: offset)
        return result < 0 ? .failure(SystemError("", code: Int32(clamping: -result))) : .success(result)
    }
}

extension NotificationListener {
    /// Answers with a value. Who is gone needs no answer.
    public borrowing func answer(_ id: UInt64, value: Int) {
        _ = egress_notification_answer_value(descriptor.raw, id, Int64(value))
    }
}
