// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import FoundationEssentials

/// What `egress check --json` prints. Scripts rely on its keys; what is not known is left out.
struct CheckReport: Encodable {
    struct Address: Encodable {
        let address: String
        /// `global`, `private_use`, `loopback`, `metadata`, ...
        let `class`: String
    }

    struct Entry: Encodable {
        let target: String
        /// `allow` or `deny`, as in the audit file.
        let decision: String
        let reason: String
        let message: String
        let host: String?
        let port: UInt16?
        let `protocol`: String
        let rule: String?
        let addresses: [Address]?
        /// The rule that would permit it.
        let permit: String?
        /// False when `--no-resolve` left out what the name's addresses would still have to pass.
        let resolved: Bool
    }

    /// Whether every target is allowed, as the exit status says.
    let allowed: Bool
    let targets: [Entry]

    init(_ explanations: [Explanation]) {
        allowed = explanations.allSatisfy(\.isAllowed)
        targets = explanations.map { explanation in
            Entry(
                target: explanation.target,
                decision: explanation.isAllowed ? "allow" : "deny",
                reason: explanation.reason.rawValue,
                message: explanation.message,
                host: explanation.host,
                port: explanation.port,
                protocol: explanation.transport.rawValue,
                rule: explanation.rule?.description,
                addresses: explanation.addresses?.map { Address(address: "\($0)", class: $0.addressClass.code) },
                permit: explanation.permittingRule,
                resolved: explanation.addresses != nil
            )
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
