// SPDX-License-Identifier: Apache-2.0

/// Where a URL of the web leads, read so strictly that no client can read it as leading elsewhere.
public struct WebURL: Hashable, Sendable {
    /// The name or address of the server.
    public enum Authority: Hashable, Sendable {
        /// A name, to be resolved.
        case name(Host)
        /// An address, written out.
        case address(IPAddress)
    }

    /// The scheme in lower case: `http`, `https`, `ws` or `wss`.
    public var scheme: String
    /// Whom it leads to.
    public var host: Authority
    /// The port, the scheme's own when the URL names none.
    public var port: UInt16

    private static let ports: [String: UInt16] = ["http": 80, "https": 443, "ws": 80, "wss": 443]

    /// Reads a URL (RFC 3986) as far as its authority.
    ///
    /// - Throws: The reason for which it is denied. Bytes outside printable ASCII, backslashes and percent signs before
    ///   the path make clients disagree about the host (CVE-2017-7233, CVE-2020-8945 and their kin): such a URL has none.
    public init(_ text: [UInt8]) throws(WebURLError) {
        let colon = UInt8(ascii: ":")
        guard let end = text.firstIndex(of: colon) else { throw WebURLError(.unsupportedScheme) }
        scheme = String(decoding: text[..<end], as: UTF8.self).lowercased()
        guard let usualPort = Self.ports[scheme] else { throw WebURLError(.unsupportedScheme) }
        let rest = text[(end + 1)...]
        guard rest.starts(with: "//".utf8) else { throw WebURLError(.missingHost) }
        let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        if authority.contains(UInt8(ascii: "@")) { throw WebURLError(.urlCredentialsForbidden) }
        guard authority.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"\\%".utf8.contains($0) }) else {
            throw WebURLError(.missingHost)
        }

        let hostEnd = authority.lastIndex(of: UInt8(ascii: "]")).map { $0 + 1 }
        let portColon = authority[(hostEnd ?? authority.startIndex)...].firstIndex(of: colon)
        guard hostEnd == nil || portColon ?? authority.endIndex == hostEnd else { throw WebURLError(.missingHost) }
        host = try Self.host(authority[..<(portColon ?? authority.endIndex)])
        guard let portColon else {
            port = usualPort
            return
        }
        let digits = authority[(portColon + 1)...]
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
        else { throw WebURLError(.missingPort) }
        port = number
    }

    private static func host(_ bytes: ArraySlice<UInt8>) throws(WebURLError) -> Authority {
        let text = String(decoding: bytes, as: UTF8.self)
        if bytes.first == UInt8(ascii: "[") {
            guard let address = IPv6Address(text.dropFirst().dropLast()), text.hasSuffix("]") else {
                throw WebURLError(.nonCanonicalAddress)
            }
            return .address(.v6(address))
        }
        if let address = IPv4Address(text) { return .address(.v4(address)) }
        do {
            return .name(try Host(utf8: bytes))
        } catch {
            throw WebURLError(error == .address ? .nonCanonicalAddress : .missingHost)
        }
    }
}

/// Why a text is no URL that may be fetched.
public struct WebURLError: Error, Hashable, Sendable {
    /// The reason to deny it with.
    public var reason: Reason

    /// An error with this reason.
    public init(_ reason: Reason) { self.reason = reason }
}
