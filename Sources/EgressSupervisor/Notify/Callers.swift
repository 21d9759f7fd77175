// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import LinuxSystem

/// Who connected what: noted when a call is performed, asked when its packets come.
///
/// For TCP it is exact: every SYN has its connect(2) just before, and takes its note away. A datagram's note stays, as one
/// connect(2) stands for many datagrams; who sends without connecting is not known.
final class Callers {
    /// Notes at a time; the oldest makes room.
    static let maximum = 1024

    private struct Ends: Hashable {
        let worker, remote: SocketAddress
        let transport: TransportProtocol

        init(_ key: FlowKey, _ transport: TransportProtocol) {
            worker = key.worker.unmapped
            remote = key.remote.unmapped
            self.transport = transport
        }
    }

    private var notes: [Ends: Caller] = [:]
    /// In the order of their coming; one that was taken away stays until its turn.
    private var order: [Ends] = []
    private var oldest = 0

    /// Notes who connected the socket with these ends.
    func note(_ caller: Caller, for key: FlowKey, _ transport: TransportProtocol) {
        let ends = Ends(key, transport)
        if order.count < Self.maximum {
            order.append(ends)
        } else {
            notes[order[oldest]] = nil
            order[oldest] = ends
            oldest = (oldest + 1) % Self.maximum
        }
        notes[ends] = caller
    }

    /// Who connected it.
    func caller(of key: FlowKey, _ transport: TransportProtocol) -> Caller? {
        guard !notes.isEmpty else { return nil }
        let ends = Ends(key, transport)
        return transport == .tcp ? notes.removeValue(forKey: ends) : notes[ends]
    }
}

extension SocketAddress {
    /// ::ffff:a.b.c.d as a.b.c.d: a socket may say the one, its packets the other.
    fileprivate var unmapped: SocketAddress { SocketAddress(address.canonical, port: port) }
}
