// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// What was seen of one replay.
struct Observation: Sendable {
    /// The reasons that were recorded, by where.
    var records: [AuditSurface: [String]]
    /// All that the surface emitted.
    var exports: String
    /// What reached a canary.
    var arrivals: [Arrival] = []
    /// Whether it was let pass, as a twin must be.
    var isAllowed = false
    /// Why the replay showed nothing, if it did.
    var vacuity: String?

    /// The records in one line.
    var summary: String {
        let parts = records.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue)=\(Set($0.value).sorted().joined(separator: "+"))" }
        return parts.joined(separator: " ") + (arrivals.isEmpty ? "" : " ARRIVED \(arrivals.count)")
    }

    /// What is wrong with it; nothing, if the attack was held as the scenario says.
    func complaints(about scenario: Scenario, on surface: Surface) -> [String] {
        if let vacuity { return ["vacuous: \(vacuity)"] }
        var complaints: [String] = []
        if !arrivals.isEmpty { complaints.append("it reached \(arrivals)") }
        let reason = scenario.expected.reason(on: surface)
        let isSilent = reason == Scenario.Expected.staysInside
        let audits = surface.audits.intersection(scenario.expected.audit)
        if isSilent ? !scenario.expected.audit.contains(.none) : audits.isEmpty {
            complaints.append("the scenario names no audit surface of \(surface.rawValue)")
        }
        for audit in surface.audits.union(audits) {
            let found = Set(records[audit] ?? [])
            let wanted: Set = isSilent || !audits.contains(audit) ? [] : [reason]
            if found != wanted {
                complaints.append("\(audit.rawValue) has \(found.sorted()), and \(wanted.sorted()) is expected")
            }
        }
        if let witness = scenario.expected.witness, !exports.contains(witness) {
            complaints.append("nothing that it emitted contains '\(witness)'")
        }
        for text in scenario.expected.absent {
            for form in Self.forms(of: text) where exports.contains(form) {
                complaints.append("it emitted what must be absent, as '\(form)'")
            }
        }
        return complaints
    }

    /// A text and the encodings in which it would be as readable.
    private static func forms(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        guard bytes.count > 8 else { return [text] }
        let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [
            text, Data(bytes).base64EncodedString().replacing("=", with: ""), hexadecimal.joined(),
            hexadecimal.map { "%" + $0 }.joined(), hexadecimal.map { "%" + $0.uppercased() }.joined(),
        ]
    }
}
