// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import LinuxSystem

/// The two ends of a flow, as the worker sees them.
struct FlowKey: Hashable {
    /// The worker's end.
    let worker: SocketAddress
    /// Where it wants to go.
    let remote: SocketAddress
}

extension SocketAddress {
    /// The address without the port.
    var address: IPAddress {
        switch self {
        case .v4(let bits, _): .v4(IPv4Address(bits: bits))
        case .v6(let high, let low, _): .v6(IPv6Address(high: high, low: low))
        }
    }

    /// An address and a port.
    init(_ address: IPAddress, port: UInt16) {
        switch address {
        case .v4(let address): self = .v4(address.bits, port: port)
        case .v6(let address): self = .v6(high: address.high, low: address.low, port: port)
        }
    }
}
