// SPDX-License-Identifier: Apache-2.0

extension Policy {
    /// The allow rule which would open a name, or `nil` when no single one can.
    ///
    /// - Parameters:
    ///   - host: The denied name.
    ///   - port: The port it was denied for; `nil` when only its resolution was.
    ///   - transport: The transport, when one is known.
    ///   - answer: What it resolved to, when that was the reason.
    public func suggestion(
        host: Host,
        port: UInt16? = nil,
        protocol transport: TransportProtocol? = nil,
        answer: [IPAddress] = []
    ) -> String? {
        nil
    }

    /// The allow rule which would open an address, or `nil` when no single one can.
    public func suggestion(
        address: IPAddress,
        port: UInt16? = nil,
        protocol transport: TransportProtocol? = nil,
        names: [Host] = []
    ) -> String? {
        nil
    }
}
