// SPDX-License-Identifier: Apache-2.0

/// A URL as people paste it, taken apart only to tell which rule they meant.
struct URLText {
    private let scheme: String
    private let authority: Substring

    /// Splits at `://`; `nil` when there is none.
    init?(_ text: Substring) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        scheme = text[..<colon].lowercased()
        let rest = text[colon...].dropFirst(3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = rest[..<end].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    }

    /// `host:port`, the port taken from the scheme when the URL has none; an example when it has no host.
    var hostAndPort: String {
        guard !authority.isEmpty else { return "example.com:443" }
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if authority[bracket...].contains(":") { return String(authority) }
        guard let port = Self.ports[scheme] else { return String(authority) }
        return "\(authority):\(port)"
    }

    private static let ports = [
        "http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "ssh": 22, "git": 9418, "ldap": 389, "ldaps": 636,
        "postgres": 5432, "postgresql": 5432, "mysql": 3306, "redis": 6379, "rediss": 6379, "mongodb": 27017,
        "amqp": 5672, "amqps": 5671, "smtp": 25,
    ]
}
