// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import LinuxSystem

/// Who connected what: noted when a call is performed, asked when its packets come.
///
/// For TCP it is exact: every SYN has its connect(2) just before, and takes its note away. A datagram's note stays, as one
/// connect(2) stands for many datagrams. It counts only for as long as the socket that was connected is the only one at
/// its address and port: somebody else may use a port again, without connecting. Who sends without connecting is not known.
final class Callers {
    /// Notes at a time; the oldest makes room.
    static let maximum = 1024

    /// What is known of who connected a socket.
    struct Note: Equatable {
        /// Who, if that was looked at.
        var caller: Caller?
        /// Its process, in our pid namespace, by which tables are shared out.
        var program: Int32?
        /// A datagram socket's cookie.
        var socket: UInt64?
    }

    private struct Ends: Hashable {
        let worker, remote: SocketAddress
        let transport: TransportProtocol

        init(_ key: FlowKey, _ transport: TransportProtocol) {
            worker = key.worker.unmapped
            remote = key.remote.unmapped
            self.transport = transport
        }
    }

    /// The cookie of the only UDP socket at an address and port of the worker's now; nil if that can't be told.
    var socket: (SocketAddress) -> UInt64? = { _ in nil }

    private var notes: [Ends: Note] = [:]
    /// In the order of their coming; one that was taken away stays until its turn.
    private var order: [Ends] = []
    private var oldest = 0

    /// Notes who connected the socket with these ends.
    func note(_ note: Note, for key: FlowKey, _ transport: TransportProtocol) {
        let ends = Ends(key, transport)
        if order.count < Self.maximum {
            order.append(ends)
        } else {
            notes[order[oldest]] = nil
            order[oldest] = ends
            oldest = (oldest + 1) % Self.maximum
        }
        notes[ends] = note
    }

    /// Who connected it.
    func note(of key: FlowKey, _ transport: TransportProtocol) -> Note? {
        guard !notes.isEmpty else { return nil }
        let ends = Ends(key, transport)
        if transport == .tcp { return notes.removeValue(forKey: ends) }
        guard let note = notes[ends], let cookie = note.socket, socket(ends.worker) == cookie else { return nil }
        return note
    }

    /// The cookie of the datagram socket that was last connected with these ends, whoever has them now.
    func lastSocket(of key: FlowKey) -> UInt64? {
        notes.isEmpty ? nil : notes[Ends(key, .udp)]?.socket
    }
}

extension SocketAddress {
    /// ::ffff:a.b.c.d as a.b.c.d: a socket may say the one, its packets the other.
    fileprivate var unmapped: SocketAddress { SocketAddress(address.canonical, port: port) }
}
