// SPDX-License-Identifier: Apache-2.0

/// A URL of the web, read so strictly that no client can read it as leading elsewhere.
///
/// Everything behind the authority is kept as it is written. All that programs disagree about is refused, never repaired:
/// bytes outside printable ASCII, backslashes, percent signs before the path, addresses in any but their canonical form, zones.
/// What is accepted, the WHATWG URL standard reads with the same scheme, host and port.
public struct WebURL: Hashable, Sendable {
    /// The name or address of the server.
    public enum Authority: Hashable, Sendable {
        /// A name, to be resolved.
        case name(Host)
        /// An address, written out.
        case address(IPAddress)
    }

    /// The scheme in lower case: `http`, `https`, `ws` or `wss`.
    public let scheme: String
    /// Whom it leads to.
    public let host: Authority
    /// The port, the scheme's own when the URL names none.
    public let port: UInt16
    /// The path, as written; empty or with a slash at its start.
    public let path: String
    /// What stands between `?` and `#`, as written; nil without a question mark.
    public let query: String?
    /// What stands behind `#`, as written; nil without one. It is never sent to a server.
    public let fragment: String?

    /// The longest URL that is read, in bytes.
    public static let maximumLength = 16 << 10

    /// Reads a URL (RFC 3986).
    ///
    /// - Throws: The reason for which it is denied. Bytes outside printable ASCII, backslashes and percent signs before
    ///   the path make clients disagree about the host (CVE-2017-7233, CVE-2020-8945 and their kin): such a URL has none.
    public init(_ text: [UInt8]) throws(WebURLError) {
        guard text.count <= Self.maximumLength else { throw WebURLError(.invalidURL) }
        guard let scheme = Scheme(startOf: text) else { throw WebURLError(.unsupportedScheme) }
        let start = scheme.name.utf8.count + 3
        guard text.count >= start, text[start - 2] == Self.slash, text[start - 1] == Self.slash else {
            throw WebURLError(.missingHost)
        }
        var end = start
        while end < text.count, !Self.endsAuthority(text[end]) { end += 1 }
        self.scheme = scheme.name
        (host, port) = try Self.authority(text[start..<end], usualPort: scheme.port)

        guard Self.isPlain(text[end...]) else { throw WebURLError(.invalidURL) }
        let fragmentStart = text[end...].firstIndex(of: UInt8(ascii: "#")) ?? text.endIndex
        let queryStart = text[end..<fragmentStart].firstIndex(of: UInt8(ascii: "?")) ?? fragmentStart
        path = String(decoding: text[end..<queryStart], as: UTF8.self)
        query =
            queryStart == fragmentStart
            ? nil : String(decoding: text[(queryStart + 1)..<fragmentStart], as: UTF8.self)
        fragment =
            fragmentStart == text.endIndex ? nil : String(decoding: text[(fragmentStart + 1)...], as: UTF8.self)
    }

    /// Reads a URL from text.
    public init(_ text: String) throws(WebURLError) {
        guard text.utf8.count <= Self.maximumLength else { throw WebURLError(.invalidURL) }
        try self.init(Array(text.utf8))
    }

    private struct Scheme {
        let name: String
        let port: UInt16

        /// The scheme before the first colon.
        init?(startOf text: [UInt8]) {
            guard let colon = text.prefix(6).firstIndex(of: WebURL.colon) else { return nil }
            for (name, port) in [("https", 443 as UInt16), ("http", 80), ("wss", 443), ("ws", 80)] {
                guard name.utf8.count == colon, zip(text, name.utf8).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
                self.name = name
                self.port = port
                return
            }
            return nil
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
