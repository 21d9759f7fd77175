// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy

extension PolicyDocument {
    /// What the document means as text, the same for all documents that mean the same, however they are written.
    ///
    /// The first line is `egress-policy 1`. Then come lines, sorted by their bytes and each once: `allow RULE`, `deny RULE`,
    /// `allow-private`, `record-type NUMBER`, `unix PATH`, `unix-datagrams`; then `upstream ADDRESS:PORT` in the order in
    /// which they are asked.
    /// Every line ends with a newline. A RULE is the one-line form with a block of one address as that address. In a
    /// PATH, `%` and every byte but `!` to `~` stand as `%` and two upper-case hexadecimal digits.
    public var canonicalText: String {
        var lines: Set<String> = []
        for rule in allow { lines.insert("allow \(rule.canonical)") }
        for rule in deny { lines.insert("deny \(rule.canonical)") }
        for type in recordTypes { lines.insert("record-type \(type.rawValue)") }
        for path in unixPaths { lines.insert("unix \(Self.escaped(path))") }
        if allowPrivate { lines.insert("allow-private") }
        if unixDatagrams { lines.insert("unix-datagrams") }
        let sorted = lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let servers = upstream.map { "upstream \($0)" }
        return (["egress-policy 1"] + sorted + servers).map { $0 + "\n" }.joined()
    }

    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Rule {
    fileprivate var canonical: Rule {
        guard case .block(let block) = target, let address = block.soleAddress else { return self }
        var rule = self
        rule.target = .address(address)
        return rule
    }
}
