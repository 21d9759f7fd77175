// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy
import Glibc
import Synchronization

extension Engine {
    /// Whether one may connect or send to an address.
    func decide(address: IPAddress, port: UInt16, protocolNumber: Int32) -> Ruling {
        var event = AuditEvent(.connect)
        event.address = address.canonical
        event.port = port
        // MPTCP falls back to TCP, and UDP-Lite (136) has UDP's ports: they are judged alike.
        switch protocolNumber {
        case Int32(IPPROTO_TCP), 262: event.transport = .tcp
        case Int32(IPPROTO_UDP), 136: event.transport = .udp
        default:
            event.verdict = Verdict(.protocolNotAllowed)
            return .decided(event)
        }
        let names = pins.withLock { $0.names(for: address, at: Machine.now()) }
        let transport = event.transport ?? .tcp
        event.verdict = policy.decide(address: address, port: port, protocol: transport, names: names)
        event.host = names.first?.description
        return .decided(event)
    }

    /// Says no to a family of addresses that no rule can speak of, such as vsock(7).
    func refuse(family: Int32) -> Ruling {
        var event = AuditEvent(.connect, Verdict(.protocolNotAllowed))
        event.host = "address family \(family)"
        return .decided(event)
    }

    /// Whether a URL may be fetched, as far as that can be said before its host is resolved.
    func decide(url text: Text) -> Ruling {
        var event = AuditEvent(.connect)
        event.transport = .tcp
        let url: WebURL
        do {
            url = try WebURL(text.bytes)
        } catch {
            event.verdict = Verdict(error.reason)
            // Not the URL itself: what stands in it may be a secret.
            event.host = "URL"
            return .decided(event)
        }
        event.port = url.port
        switch url.host {
        case .address(let address):
            return decide(address: address, port: url.port, protocolNumber: Int32(IPPROTO_TCP))
        case .name(let host):
            event.host = host.description
            event.verdict = policy.decide(host: host, port: url.port, protocol: .tcp)
        }
        return .decided(event)
    }
}
