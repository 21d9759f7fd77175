// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import EgressText

/// What `egress check` is asked about: a URL, or a host and port with an optional `/tcp` or `/udp`.
struct CheckTarget {
    /// As it was given, printable; a URL without user name, password, query and fragment.
    let text: String
    let host: WebURL.Authority
    let port: UInt16
    let transport: TransportProtocol

    /// Reads a target.
    ///
    /// - Throws: ``EgressPolicyError`` with the reason for which no request to it would be made.
    init(_ text: String) throws(EgressPolicyError) {
        if Self.isURL(text) {
            let url = try EgressProxyPolicyService.url(text)
            self.init("\(url.scheme)://\(url.authority)\(url.path)", url, .tcp)
            return
        }
        var rest = Substring(text)
        var transport = TransportProtocol.tcp
        for candidate in TransportProtocol.allCases where rest.hasSuffix("/\(candidate.rawValue)") {
            rest = rest.dropLast(candidate.rawValue.count + 1)
            transport = candidate
        }
        // The scheme only lends its reader: host and port are all there is.
        self.init(text.printable, try EgressProxyPolicyService.url("http://\(rest)"), transport)
    }

    private init(_ text: String, _ url: WebURL, _ transport: TransportProtocol) {
        self.text = text
        host = url.host
        port = url.port
        self.transport = transport
    }

    static func isURL(_ text: String) -> Bool { text.contains("://") }

    /// What is wrong with the shape of a text, so that nothing can be asked about it; nil when it may be a target.
    static func usageError(_ text: String) -> String? {
        if isURL(text) { return nil }
        let rest = TransportProtocol.allCases.reduce(text[...]) { rest, candidate in
            rest.hasSuffix("/\(candidate.rawValue)") ? rest.dropLast(candidate.rawValue.count + 1) : rest
        }
        if rest.contains(where: { "/?#".contains($0) }) {
            return "\(text.quoted()): give a URL with its scheme, such as https://example.com/, or HOST:PORT"
        }
        let bracket = rest.lastIndex(of: "]") ?? rest.startIndex
        if rest[bracket...].contains(":") { return nil }
        return "\(text.quoted()): give the port too, such as example.com:443 or [2001:db8::7]:443"
    }

    /// A target that could not be read, as it may be shown: of a URL only the part in which no secret stands.
    static func shown(_ text: String) -> String {
        var shown = text[...]
        if isURL(text) {
            shown = text.prefix { !"?#".contains($0) }
            if let at = shown.lastIndex(of: "@") { shown = "\(shown.prefix { $0 != ":" })://...\(shown[at...])" }
        }
        return String(shown.prefix(200)).printable
    }
}
