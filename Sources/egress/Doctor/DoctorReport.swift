// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import FoundationEssentials

/// What `egress doctor --json` prints. Scripts rely on its keys and on the names of the checks.
struct DoctorReport: Encodable {
    struct Entry: Encodable {
        let name: String
        /// `ok`, `no` or `note`.
        let status: String
        let found: String
        /// Left out where there is nothing to do.
        let advice: String?
    }

    /// Whether the default mode holds, as the exit status says.
    let holds: Bool
    let checks: [Entry]

    init(_ diagnosis: Diagnosis) {
        holds = diagnosis.holds
        checks = diagnosis.checks.map {
            Entry(name: $0.name, status: $0.status.rawValue, found: $0.found, advice: $0.advice)
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
