// SPDX-License-Identifier: Apache-2.0

extension WebURL {
    /// Whether the scheme is one with TLS.
    public var isSecure: Bool { scheme == "https" || scheme == "wss" }

    /// The host and, unless it is the scheme's own, the port: what a `Host` field holds (RFC 9110, section 7.2).
    public var authority: String {
        let usual: UInt16 = isSecure ? 443 : 80
        return port == usual ? "\(host)" : "\(host):\(port)"
    }

    /// What a request line asks the server for (RFC 9112, section 3.2.1): the path, `/` when it is empty, and the query.
    public var target: String {
        let path = path.isEmpty ? "/" : path
        return query.map { "\(path)?\($0)" } ?? path
    }
}

extension WebURL.Authority: CustomStringConvertible {
    /// The name, or the address as a URL has it: IPv6 in brackets.
    public var description: String {
        switch self {
        case .name(let host): host.description
        case .address(.v4(let address)): address.description
        case .address(.v6(let address)): "[\(address)]"
        }
    }
}

extension WebURL: CustomStringConvertible {
    /// The whole URL; what stands in it may be a secret.
    public var description: String {
        "\(scheme)://\(authority)\(target)" + (fragment.map { "#\($0)" } ?? "")
    }
}
