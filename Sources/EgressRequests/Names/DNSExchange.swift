// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import Glibc
import LinuxSystem

/// One question to one server.
final class DNSExchange {
    let id: Resolver.ExchangeID
    let socket: FileDescriptor
    let isStream: Bool
    private var unsent: [UInt8]

    init(
        _ id: Resolver.ExchangeID,
        to server: ServerAddress,
        _ message: [UInt8],
        isStream: Bool
    ) throws(SystemError) {
        guard let address = SocketAddress(networkBytes: server.address.networkBytes, port: server.port) else {
            throw SystemError("connecting", code: EAFNOSUPPORT)
        }
        self.id = id
        self.isStream = isStream
        unsent = message
        socket = try Socket.make(address.family, isStream ? Socket.stream : Socket.datagram)
        let code = Socket.connect(socket.raw, to: address)
        guard code == 0 || code == EINPROGRESS else { throw SystemError("connecting", code: code) }
        if code == 0, let code = sendRest() { throw SystemError("sending", code: code) }
    }

    /// What poll(2) is to wait for.
    var events: Int32 { unsent.isEmpty ? POLLIN : POLLIN | POLLOUT }

    /// Sends what is left, as far as there is room; the errno if that failed.
    func sendRest() -> Int32? {
        guard !unsent.isEmpty else { return nil }
        switch unsafe unsent.withUnsafeBytes({ unsafe Socket.send(socket.raw, $0) }) {
        case .bytes(let count): unsent.removeFirst(count)
        case .failed(let code): return code
        case .wouldBlock, .end: break
        }
        return nil
    }
}
