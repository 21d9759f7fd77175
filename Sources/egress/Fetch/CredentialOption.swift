// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressPolicy
import EgressRequests
import EgressText

/// The value of `--credential`: `HEADER=[PREFIX ]vault:NAME [to RULE...]`.
struct CredentialOption {
    let binding: CredentialBinding

    /// Reads the text.
    ///
    /// - Parameter url: Where the request goes; its host and port get the credential when no others are named.
    init(_ text: String, url: String) throws {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("--credential wants HEADER=vault:NAME, such as 'authorization=Bearer vault:github'")
        }
        var value = text[text.index(after: equals)...]
        var hosts: [Rule] = []
        // A command has spaces of its own; it is refused as a whole further down.
        let isCommand = value.hasPrefix("exec:")
        if !isCommand, let to = value.firstRange(of: " to ") {
            hosts = try value[to.upperBound...].split(separator: " ").map(Self.rule)
            value = value[..<to.lowerBound]
        } else {
            hosts = Self.host(of: url)
        }
        let start =
            isCommand ? value.startIndex : value.lastIndex(of: " ").map { value.index(after: $0) } ?? value.startIndex
        let source: SecretSource
        do {
            source = try SecretSource(parsing: value[start...])
        } catch {
            throw ValidationError("--credential: \(error.message)")
        }
        binding = CredentialBinding(
            header: String(text[..<equals]),
            source: source,
            hosts: hosts,
            prefix: String(value[..<start])
        )
    }

    private static func rule(_ text: Substring) throws -> Rule {
        do {
            return try Rule.parse(String(text), for: .allow)
        } catch {
            throw ValidationError("--credential: \(error)")
        }
    }

    /// The host and port of the URL; none when it cannot be read, which the fetch will say.
    private static func host(of url: String) -> [Rule] {
        guard let url = try? WebURL(url), let rule = try? Rule.parse("\(url.host):\(url.port)", for: .allow) else {
            return []
        }
        return [rule]
    }
}
