// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Where an upstream DNS server listens.
public struct ServerAddress: Hashable, Sendable {
    /// Its address.
    public var address: IPAddress
    /// Its port; 53 unless told otherwise.
    public var port: UInt16

    /// The port of DNS.
    public static let standardPort: UInt16 = 53

    /// A server at an address and a port.
    public init(address: IPAddress, port: UInt16 = ServerAddress.standardPort) {
        self.address = address
        self.port = port
    }

    /// A server as people write it: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`.
    ///
    /// Nil for anything else: names, scoped addresses (`fe80::1%eth0`), the unspecified address, port 0.
    public init?(_ text: some StringProtocol) {
        guard let (host, port) = Self.parts(of: text), let address = IPAddress(host), !address.isUnspecified else {
            return nil
        }
        guard let port else {
            self.init(address: address)
            return
        }
        // UInt16 alone would take a sign.
        let isNumber = !port.isEmpty && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let number = UInt16(port), number != 0 else { return nil }
        self.init(address: address, port: number)
    }

    private static func parts<Text: StringProtocol>(of text: Text) -> (host: String, port: String?)? {
        if text.utf8.first == UInt8(ascii: "[") {
            guard let close = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let host = String(text[text.utf8.index(after: text.utf8.startIndex)..<close])
            let rest = String(text[text.utf8.index(after: close)...])
            // Brackets are for IPv6 only.
            guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
            guard !rest.isEmpty else { return (host, nil) }
            guard rest.utf8.first == UInt8(ascii: ":") else { return nil }
            return (host, String(rest.dropFirst()))
        }
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        guard pieces.count == 2 else { return (String(text), nil) }
        return (String(pieces[0]), String(pieces[1]))
    }
}

extension ServerAddress: CustomStringConvertible {
    /// The address, with brackets and port when the port is not 53.
    public var description: String {
        switch address {
        case _ where port == Self.standardPort: "\(address)"
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }
}
