// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension Explanation {
    /// A few lines for people: the decision, then what led to it.
    var text: String {
        var lines = ["\(target): \(isAllowed ? "allowed" : "denied: \(reason.rawValue)")"]
        if !isAllowed { lines.append(line("why", message)) }
        if let rule { lines.append(line("rule", "\(rule)")) }
        if let addresses { lines.append(line("addresses", addresses.map(Self.text).joined(separator: ", "))) }
        if isUnresolved { lines.append(line("note", "the name was not resolved: its addresses still have to pass")) }
        if let flag { lines.append(line("to permit", flag)) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The option that would allow it, quoted for a shell.
    var flag: String? {
        permittingRule.map { rule in
            let isPlain = rule.utf8.allSatisfy { !"[]*".utf8.contains($0) }
            return "--allow " + (isPlain ? rule : "'\(rule)'")
        }
    }

    private func line(_ name: String, _ value: String) -> String {
        "    \(name)\(String(repeating: " ", count: 12 - name.utf8.count))\(value)"
    }

    private static func text(_ address: IPAddress) -> String {
        "\(address) (\(address.addressClass.words))"
    }
}
