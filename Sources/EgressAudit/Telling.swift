// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressText

/// The wording of the lines on standard error.
enum Telling {
    /// The longest line. Names may have 253 characters; terminals and log viewers do not.
    static let maximumLength = 200

    /// What was denied, why, and the flag that would permit it; shortened step by step until it fits.
    static func denied(_ event: AuditEvent, _ verdict: Verdict) -> String {
        let target = target(of: event)
        let reason = ": " + verdict.reason.rawValue
        var why = "; " + verdict.reason.summary
        if let rule = verdict.rule, verdict.reason == .deniedByRule { why += ": " + rule.description.quoted() }
        // Which alias or address it was, or which server failed.
        let detail = event.detail.map { ": " + $0.printable } ?? ""
        let advice = advice(event, verdict).map { " (" + $0 + ")" } ?? ""
        let verb = "egress-run: " + verb(verdict.reason) + " "
        for text in [why + detail + advice, why + advice, advice, why]
        where (verb + target + reason + text).utf8.count <= maximumLength {
            return verb + target + reason + text
        }
        // The end of a name says whose it is.
        let room = maximumLength - (verb + "..." + reason + why).utf8.count
        return verb + "..." + target.suffix(max(room, 20)) + reason + why
    }

    /// What was allowed, and by which rule.
    static func allowed(_ event: AuditEvent, _ verdict: Verdict) -> String {
        let rule = verdict.rule.map { ": rule " + $0.description.quoted() } ?? ""
        let line = "egress-run: allowed " + target(of: event) + rule
        return line.utf8.count <= maximumLength ? line : line.prefix(maximumLength - 3) + "..."
    }

    /// `example.com`, `example.com:443/tcp` or `[2001:db8::1]:443/tcp`.
    private static func target(of event: AuditEvent) -> String {
        var text = event.host?.printable ?? event.address?.description ?? "?"
        if event.host == nil, case .v6 = event.address { text = "[" + text + "]" }
        if let port = event.port { text += ":" + String(port) }
        if let transport = event.transport { text += "/" + transport.rawValue }
        if let type = event.recordType, event.verdict?.reason == .recordTypeNotAllowed { text += " " + type.printable }
        return text
    }

    private static func verb(_ reason: Reason) -> String {
        switch reason {
        case .dnsResolutionFailed, .emptyResolution: "failed"
        default: "denied"
        }
    }

    /// What would have to be given for the same attempt to be allowed.
    private static func advice(_ event: AuditEvent, _ verdict: Verdict) -> String? {
        let rule: Rule?
        switch verdict.reason {
        case .hostNotAllowlisted, .portNotAllowed, .protocolNotAllowed:
            rule = hostRule(event) ?? addressRule(event)
        case .addressNotPinned, .metadataBlocked:
            rule = addressRule(event)
        case .privateTargetBlocked:
            guard event.host != nil else { return addressRule(event).map(permit) }
            guard var consenting = verdict.rule else { return "to permit: --allow-private" }
            consenting.isPrivate = true
            rule = consenting
        case .deniedByRule:
            return "to permit: remove that rule"
        case .recordTypeNotAllowed:
            return event.recordType.map { "to permit: dns: {types: [\($0.printable)]} in the policy file" }
        default:
            rule = nil
        }
        return rule.map(permit)
    }

    private static func permit(_ rule: Rule) -> String { "to permit: --allow " + rule.description }

    private static func hostRule(_ event: AuditEvent) -> Rule? {
        guard let name = event.host, let host = try? Host(name) else { return nil }
        return Rule(target: .host(host), ports: ports(event))
    }

    private static func addressRule(_ event: AuditEvent) -> Rule? {
        event.address.map { Rule(target: .address($0.canonical), ports: ports(event)) }
    }

    private static func ports(_ event: AuditEvent) -> PortSet { event.port.map { [$0] } ?? .any }
}
