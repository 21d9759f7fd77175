// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressText

/// The wording of the lines on standard error.
enum Telling {
    /// The longest line. Names may have 253 characters; terminals and log viewers do not.
    static let maximumLength = 200

    /// What was denied, why, and the flag that would permit it; shortened step by step until it fits.
    static func denied(_ event: AuditEvent, _ verdict: Verdict, _ policy: Policy) -> String {
        let target = target(of: event)
        let reason = ": " + verdict.reason.rawValue
        var why = "; " + verdict.reason.summary
        if let rule = verdict.rule, verdict.reason == .deniedByRule { why += ": " + rule.description.quoted() }
        // Which alias or address it was, or which server failed.
        let detail = event.detail.map { ": " + $0.printable } ?? ""
        let advice = advice(event, verdict, policy).map { " (" + $0 + ")" } ?? ""
        let verb = "egress-run: " + verb(verdict.reason) + " "
        let by = caller(event)
        for text in [why + detail + advice + by, why + advice + by, why + detail + advice, why + advice, advice, why]
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
        let line = "egress-run: allowed " + target(of: event) + rule + caller(event)
        return line.utf8.count <= maximumLength ? line : line.prefix(maximumLength - 3) + "..."
    }

    /// `unix socket /run/x.sock`, `example.com`, `example.com:443/tcp` or `[2001:db8::1]:443/tcp`.
    private static func target(of event: AuditEvent) -> String {
        if let path = event.path { return "unix socket " + path.printable }
        var text = event.host?.printable ?? event.address?.description ?? "connect(2)"
        if event.host == nil, case .v6 = event.address { text = "[" + text + "]" }
        if let port = event.port { text += ":" + String(port) }
        if let transport = event.transport { text += "/" + transport.rawValue }
        if let type = event.recordType, event.verdict?.reason == .recordTypeNotAllowed { text += " " + type.printable }
        return text
    }

    /// ` [pid 2: /usr/bin/curl]`, by what is known.
    private static func caller(_ event: AuditEvent) -> String {
        guard let caller = event.caller else { return "" }
        let parts = [caller.pid.map { "pid " + String($0) }, caller.executable?.printable].compactMap(\.self)
        return parts.isEmpty ? "" : " [" + parts.joined(separator: ": ") + "]"
    }

    private static func verb(_ reason: Reason) -> String {
        switch reason {
        case .dnsResolutionFailed, .emptyResolution: "failed"
        default: "denied"
        }
    }

    /// What would have to be given for the same attempt to be allowed.
    private static func advice(_ event: AuditEvent, _ verdict: Verdict, _ policy: Policy) -> String? {
        switch verdict.reason {
        case .metadataBlocked where event.kind == .name:
            // The name is allowed already; what has to be allowed is the address.
            return event.address.map { "to permit: --allow " + Rule(target: .address($0)).description }
        case .hostNotAllowlisted, .portNotAllowed, .protocolNotAllowed, .addressNotPinned, .metadataBlocked:
            return suggestion(event, policy).map { "to permit: --allow " + $0 }
        case .privateTargetBlocked where event.kind == .name:
            // The rule that allows the name has to say that it may be private.
            guard var rule = verdict.rule else { return "to permit: --allow-private" }
            rule.isPrivate = true
            return "to permit: --allow " + rule.description
        case .privateTargetBlocked:
            return suggestion(event, policy).map { "to permit: --allow " + $0 }
        case .unixSocketNotAllowed:
            let option = event.kind == .datagram ? "--allow-unix-datagram " : "--allow-unix "
            return event.path.map { "to permit: " + option + $0.printable }
        case .deniedByRule:
            return "to permit: remove that rule"
        case .recordTypeNotAllowed:
            return event.recordType.map { "to permit: dns: {types: [" + $0.printable + "]} in the policy file" }
        default:
            return nil
        }
    }

    private static func suggestion(_ event: AuditEvent, _ policy: Policy) -> String? {
        let host = event.host.flatMap { try? Host($0) }
        let transport = event.transport ?? .tcp
        if let address = event.address, let port = event.port {
            return policy.suggestion(address: address, port: port, protocol: transport, names: host.map { [$0] } ?? [])
        }
        return host.flatMap { policy.suggestion(host: $0, port: event.port, protocol: transport) }
    }
}
