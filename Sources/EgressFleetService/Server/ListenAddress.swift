// SPDX-License-Identifier: Apache-2.0

/// Where the service listens: `127.0.0.1:8443` or `[::1]:8443`. An address and not a name, whose meaning could change.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address, without brackets.
    public let host: String
    /// The port; 0 for any that is free.
    public let port: Int

    /// Reads an address and a port; nil if it is something else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), String(port) == digits else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":"), host.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") })
            else {
                return nil
            }
        } else {
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            // In canonical form only: some programs read 010 as 8.
            guard parts.count == 4, parts.allSatisfy({ part in UInt8(part).map { String($0) == part } ?? false }) else {
                return nil
            }
        }
        (self.host, self.port) = (host, Int(port))
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// The form that `init` reads.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
