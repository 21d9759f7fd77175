// SPDX-License-Identifier: Apache-2.0

extension Rule.Target {
    /// Reads a target without ports: a name with or without `.` or `*.` before it, an address or a block.
    ///
    /// An IPv6 address may stand in brackets or without them: nothing follows which could be mistaken for its end.
    ///
    /// - Throws: ``RuleError``; whether the target is too broad is left to ``Rule/check(for:)``.
    public static func parse(_ text: some StringProtocol) throws(RuleError) -> Rule.Target {
        guard !text.isEmpty else { throw RuleError(.empty, input: text, hint: "the host or address is missing") }
        if text.first == "[", text.last == "]" {
            let inner = text.dropFirst().dropLast()
            guard inner.utf8.contains(UInt8(ascii: ":")) else {
                throw RuleError(.missingBrackets, input: text, hint: "brackets are for IPv6 only: \(inner)")
            }
            return try parse(String(inner))
        }
        if text.utf8.contains(UInt8(ascii: "%")) {
            let bare = text.prefix { $0 != "%" }
            throw RuleError(.zone, input: text, hint: "an address in a rule has no zone: \(bare)")
        }
        if text.utf8.contains(UInt8(ascii: "/")) { return try parseBlock(String(text)) }
        if let address = IPAddress(text) { return .address(address.canonical) }
        if text.utf8.contains(UInt8(ascii: ":")) {
            let hint = "this is no IPv6 address; one looks like 2606:2800::1"
            throw RuleError(.nonCanonicalAddress, input: text, hint: hint)
        }
        return try parseName(String(text))
    }

    private static func parseBlock(_ text: String) throws(RuleError) -> Rule.Target {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPAddress(parts[0]) else {
            if let odd = parts.first.flatMap({ IPv4Address(lenient: $0) }) {
                let hint = "write the block's first address in full, as \(odd)"
                throw RuleError(.nonCanonicalAddress, input: text, hint: hint)
            }
            let host = parts.first.flatMap { try? Host($0.prefix { $0 != ":" }) }
            let hint = host.map { "give a host without a path: \($0)" } ?? "a block is written as 10.1.0.0/16"
            throw RuleError(.notAHost, input: text, hint: hint)
        }
        guard let length = AddressBlock.length(parts[1]), length <= base.width else {
            let hint = "the prefix length after '/' is a number from 0 to \(base.width)"
            throw RuleError(.badPrefixLength, input: text, hint: hint)
        }
        guard let block = AddressBlock(base: base, prefixLength: length) else {
            let first = AddressBlock(containing: base, prefixLength: length)
            let hint = "the block begins at \(first.base): write \(first), or the address alone"
            throw RuleError(.hostBitsSet, input: text, hint: hint)
        }
        return block.soleAddress.map { .address($0) } ?? .block(block)
    }

    private static func parseName(_ text: String) throws(RuleError) -> Rule.Target {
        if text == "*" || text == "." || text == "*." {
            let hint = "this would allow every host: name the ones that are needed, such as .example.com"
            throw RuleError(.wildcard, input: text, hint: hint)
        }
        if text.hasPrefix("*.") { return .below(try parseHost(text.dropFirst(2), of: text)) }
        if text.hasPrefix(".") { return .hostAndBelow(try parseHost(text.dropFirst(), of: text)) }
        return .host(try parseHost(text[...], of: text))
    }

    private static func parseHost(_ name: Substring, of text: String) throws(RuleError) -> Host {
        if name.contains("*") {
            let hint = "'*' stands only for the whole first label, as in *.example.com"
            throw RuleError(.wildcard, input: text, hint: hint)
        }
        do {
            return try Host(name)
        } catch {
            switch error {
            case .notASCII:
                throw RuleError(.notASCII, input: text, hint: error.description)
            case .address:
                throw RuleError(.nonCanonicalAddress, input: text, hint: addressAdvice(name))
            case .emptyLabel where name.isEmpty || name.allSatisfy { $0 == "." }:
                throw RuleError(.invalidName, input: text, hint: "a name is needed, such as example.com")
            default:
                throw RuleError(.invalidName, input: text, hint: error.description)
            }
        }
    }

    private static func addressAdvice(_ name: Substring) -> String {
        guard let address = IPv4Address(lenient: name) else {
            return "this is neither a name nor an IPv4 address; one is four numbers from 0 to 255, such as 192.0.2.1"
        }
        return "programs disagree on how to read this address: write \(address)"
    }
}
