// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Reads what the commands report.
enum Reports {
    static func observation(of result: Job.Result, on surface: Surface) -> Observation {
        var observation = Observation(
            records: [:],
            exports: result.output + result.errors,
            arrivals: result.arrivals
        )
        switch surface {
        case .check:
            let entry = (decode(result.output) as CheckReport?)?.targets.first
            observation.records[.checkReport] = entry.map { [$0.reason] }
            observation.isAllowed = entry?.decision == "allow"
        case .fetch:
            let report = decode(result.output) as FetchReport?
            observation.records[.fetchReport] = report.map { [$0.outcome] }
            observation.isAllowed = report?.ok == true
        case .cABI:
            let report = decode(result.output) as DecisionReport?
            observation.records[.decision] = report.map { [$0.reason] }
            observation.isAllowed = report?.decision == "allow"
        case .attestVerify:
            let report = decode(result.output) as VerifyReport?
            observation.records[.refusalReport] = report?.error.map { [$0] }
            observation.isAllowed = report?.verified == true
        case .launcher:
            // The command's own output is not ours.
            observation.exports = result.errors
            observation.records[.auditLog] = auditedDenials(result.errors)
            observation.records[.denialLine] = toldDenials(result.errors)
            if !result.errors.contains(#""event":"exit""#) { observation.vacuity = "it did not run: \(result)" }
        case .preload:
            observation.exports = result.errors
            observation.records[.denialLine] = toldDenials(result.errors)
        case .redact:
            observation.exports = result.output
            let report = decode(result.errors) as RedactionReport?
            observation.records[.redactionReport] = report?.findings.map(\.kind)
            observation.isAllowed = report?.findings.isEmpty == true && !result.output.isEmpty
        case .library, .fleetAPI: break
        }
        return observation
    }

    private static func decode<Report: Decodable>(_ text: String) -> Report? {
        try? JSONDecoder().decode(Report.self, from: Data(text.utf8))
    }

    private static func auditedDenials(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap { line in
            guard let event = decode(String(line)) as AuditLine?, event.decision == "deny" else { return nil }
            return event.reason
        }
    }

    /// `egress-run: denied example.com:443/tcp: host_not_allowlisted; ...`
    private static func toldDenials(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            guard ["egress-run: denied ", "egress-run: failed "].contains(where: line.hasPrefix),
                let colon = line.dropFirst("egress-run:".count).firstRange(of: ": ")
            else { return nil }
            return String(line[colon.upperBound...].prefix { $0.isLetter || $0 == "_" })
        }
    }
}

private struct CheckReport: Decodable {
    struct Entry: Decodable {
        let decision: String
        let reason: String
    }
    let targets: [Entry]
}

private struct FetchReport: Decodable {
    struct Failure: Decodable {
        let code: String
        let reason: String?
    }
    let ok: Bool
    let truncated: Bool?
    let error: Failure?

    /// The policy's reason, or how the response failed.
    var outcome: String {
        if let error { return error.reason ?? error.code }
        return truncated == true ? "response_budget_exceeded" : "allowed"
    }
}

private struct DecisionReport: Decodable {
    let decision: String
    let reason: String
}

private struct VerifyReport: Decodable {
    let verified: Bool?
    let error: String?
}

private struct AuditLine: Decodable {
    let decision: String?
    let reason: String?
}

private struct RedactionReport: Decodable {
    struct Finding: Decodable { let kind: String }
    let findings: [Finding]
}
