// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// An address and port that a client may connect to, and no other.
public struct PinnedAddress: Hashable, Sendable {
    /// The address; never a v4-mapped one.
    public let address: IPAddress
    /// The port.
    public let port: UInt16

    /// Pins an address and a port.
    public init(_ address: IPAddress, port: UInt16) {
        self.address = address.canonical
        self.port = port
    }
}

extension PinnedAddress: CustomStringConvertible {
    /// `192.0.2.1:443` or `[2001:db8::1]:443`.
    public var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }
}
