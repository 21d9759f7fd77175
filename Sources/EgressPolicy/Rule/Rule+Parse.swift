// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// Reads the one-line form of an allow rule: a target, then optionally `:ports`, `/tcp` or `/udp`, and `/private`.
    ///
    ///     example.com      .example.com:443      *.example.com:80,443      93.184.216.34:8000-8010
    ///     10.1.0.0/16:5432/tcp      [2606:2800::1]:443      2606:2800::/32      intranet.example:443/private
    ///
    /// - Throws: ``RuleError`` for all that is not exactly one sensible rule; nothing is ever read as a wider one.
    public static func parse(_ text: String) throws(RuleError) -> Rule {
        try parse(text, for: .allow)
    }

    /// Reads the one-line form of a rule for one of the lists; a deny rule may be as broad as it likes.
    public static func parse(_ text: String, for list: List) throws(RuleError) -> Rule {
        do throws(RuleError) {
            let rule = try parseParts(text)
            try rule.check(for: list)
            return rule
        } catch {
            // Whatever part was wrong, the caller knows the whole.
            throw RuleError(error.code, input: text, hint: error.hint)
        }
    }

    private static func parseParts(_ text: String) throws(RuleError) -> Rule {
        var rest = Substring(text)
        try refuseForeignForms(rest)
        var protocols: ProtocolSet?
        var isPrivate = false
        while let option = takeOption(from: &rest) {
            switch option {
            case .transport(let transport) where protocols == nil: protocols = transport
            case .isPrivate where !isPrivate: isPrivate = true
            default: throw RuleError(.badProtocol, input: rest, hint: "give each option after '/' once")
            }
        }
        let (target, ports) = try splitPorts(rest)
        return Rule(
            target: try Target.parse(target),
            ports: try ports.map { text throws(RuleError) in try PortSet.parse(text) } ?? .any,
            protocols: protocols ?? .all,
            isPrivate: isPrivate
        )
    }

    private enum Option {
        case transport(ProtocolSet)
        case isPrivate
    }

    /// Cuts one option off the end; a prefix length is none.
    private static func takeOption(from text: inout Substring) -> Option? {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let option: Option
        switch text[slash...].dropFirst().lowercased() {
        case "tcp": option = .transport(.tcp)
        case "udp": option = .transport(.udp)
        case "private": option = .isPrivate
        default: return nil
        }
        text = text[..<slash]
        return option
    }

    /// Refuses what people paste instead of a host, and says what they meant.
    private static func refuseForeignForms(_ text: Substring) throws(RuleError) {
        if text.isEmpty {
            throw RuleError(.empty, input: text, hint: "give a host, an address or a block, such as example.com:443")
        }
        if let host = URLText(text)?.hostAndPort {
            throw RuleError(.notAHost, input: text, hint: "give a host, not a URL: \(host)")
        }
        if text.utf8.contains(UInt8(ascii: "@")) {
            let host = text.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
            let advice = host.isEmpty ? "" : ": \(host)"
            throw RuleError(.notAHost, input: text, hint: "give a host without a user name\(advice)")
        }
    }

    /// Separates the target from the ports: at the colon after a bracket or prefix length, or at the only colon.
    private static func splitPorts(_ text: Substring) throws(RuleError) -> (target: Substring, ports: Substring?) {
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.lastIndex(of: "]") else {
                throw RuleError(.missingBrackets, input: text, hint: "the bracket is never closed: ']' is missing")
            }
            let inner = text[..<end].dropFirst()
            let after = text[end...].dropFirst()
            guard inner.utf8.contains(UInt8(ascii: ":")) else {
                throw RuleError(.missingBrackets, input: text, hint: "brackets are for IPv6 only: \(inner)\(after)")
            }
            if after.isEmpty { return (inner, nil) }
            guard after.first == ":" else {
                throw RuleError(.badPort, input: text, hint: "after ']' only a colon and ports may follow")
            }
            return (inner, after.dropFirst())
        }
        let start = text.lastIndex(of: "/") ?? text.startIndex
        let colons = text[start...].filter { $0 == ":" }.count
        if start == text.startIndex, colons > 1 {
            throw RuleError(.missingBrackets, input: text, hint: bracketAdvice(text))
        }
        guard let colon = text[start...].lastIndex(of: ":") else { return (text, nil) }
        return (text[..<colon], text[colon...].dropFirst())
    }

    private static func bracketAdvice(_ text: Substring) -> String {
        guard !text.contains("%") else { return "a zone cannot be part of a rule" }
        guard IPv6Address(text) != nil else {
            return "too many colons: write host:port, or an IPv6 address in brackets, such as [2606:2800::1]:443"
        }
        return "an IPv6 address stands in brackets: [\(text)], or [\(text)]:443 for one port"
    }
}
