// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressText

/// Which header fields a caller may send.
///
/// What is not in the list is refused; what frames the message, steers the connection or claims to come from elsewhere is
/// refused whatever the list says.
public struct RequestHeaderRules: Sendable {
    /// Further names that may be sent, in lower case.
    public var additional: Set<String>

    /// The usual names, and others.
    public init(additional: some Sequence<String> = []) {
        self.additional = Set(additional.map { $0.lowercased() })
    }

    /// The most fields, and the longest value in bytes.
    public static let maximumCount = 64, maximumValueLength = 8 << 10

    /// What a request may carry anywhere, because it says nothing about who asks; only these outlive a redirect elsewhere.
    static let harmless: Set<String> = [
        "accept", "accept-language", "cache-control", "content-language", "content-type", "dnt", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-event-id", "pragma", "prefer",
        "range", "user-agent",
    ]

    private static let usual: Set<String> = harmless.union(["idempotency-key", "referer"])

    private static let refused: Set<String> = [
        "host", "content-length", "accept-encoding", "content-encoding", "expect", "origin",
        // RFC 9110, section 7.6.1, and what of it is only customary.
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "max-forwards",
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "x-host",
        "x-original-url",
        "x-original-host", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override",
        "set-cookie",
    ]
    private static let refusedPrefixes = ["x-forwarded", "proxy-", "sec-", "cf-connecting"]

    /// Checks the fields of a request and brings their names to lower case.
    func check(_ headers: [FetchHeader]) throws(FetchError) -> [FetchHeader] {
        guard headers.count <= Self.maximumCount else {
            throw FetchError(.invalidRequest, "a request has at most \(Self.maximumCount) header fields of its own")
        }
        var checked: [FetchHeader] = []
        for header in headers {
            let name = try check(name: header.name), value = try check(value: header.value, of: name)
            guard !checked.contains(where: { $0.name == name }) else {
                throw FetchError(.invalidRequest, "the header '\(name)' is given twice")
            }
            checked.append(FetchHeader(name, value))
        }
        return checked
    }

    private func check(name: String) throws(FetchError) -> String {
        guard CredentialHeader.isToken(name.utf8), name.utf8.count <= CredentialHeader.maximumNameLength else {
            throw FetchError(.invalidRequest, "\(name.quoted()) is no name of a header field")
        }
        let name = name.lowercased()
        if Self.refused.contains(name) || Self.refusedPrefixes.contains(where: name.hasPrefix) {
            throw FetchError(
                .invalidRequest,
                "the header '\(name)' frames the message, steers it or says who asks: it cannot be given"
            )
        }
        let isKnown =
            Self.usual.contains(name) || additional.contains(name) || name.hasPrefix("x-") || name.hasSuffix("-version")
            || (try? CredentialHeader.check(name)) != nil
        guard isKnown else { throw FetchError(.invalidRequest, "the header '\(name)' is not one that may be sent") }
        return name
    }

    private func check(value: String, of name: String) throws(FetchError) -> String {
        let bytes = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        guard bytes.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x09 }), bytes.count <= Self.maximumValueLength
        else {
            throw FetchError(
                .invalidRequest,
                "the value of '\(name)' is too long, or holds a line break, another control character or what is not ASCII"
            )
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
