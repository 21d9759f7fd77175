// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import Testing

private func event(
    _ kind: AuditEvent.Kind,
    _ reason: Reason,
    rule: String? = nil,
    host: String? = nil,
    address: String? = nil,
    port: UInt16? = nil,
    transport: TransportProtocol? = nil,
    type: String? = nil,
    detail: String? = nil
) -> AuditEvent {
    let list: Rule.List = reason == .deniedByRule ? .deny : .allow
    let verdict = Verdict(reason, rule: rule.flatMap { try? Rule.parse($0, for: list) })
    var event = AuditEvent(kind, verdict, at: Timestamp(milliseconds: 0))
    event.host = host
    event.address = address.flatMap { IPAddress($0) }
    event.port = port
    event.transport = transport
    event.recordType = type
    event.detail = detail
    return event
}

private let policy = Policy(allow: [], deny: [])

struct TellingTests {
    static let rows: [(event: AuditEvent, line: String)] = [
        (
            event(.name, .hostNotAllowlisted, host: "evil.example", type: "A"),
            """
            egress-run: denied evil.example: host_not_allowlisted; \
            no rule allows this host \
            (to permit: --allow evil.example)
            """
        ),
        (
            event(.connect, .hostNotAllowlisted, host: "evil.example", port: 443, transport: .tcp),
            """
            egress-run: denied evil.example:443/tcp: host_not_allowlisted; \
            no rule allows this host \
            (to permit: --allow evil.example:443)
            """
        ),
        (
            event(.connect, .addressNotPinned, address: "198.51.100.7", port: 443, transport: .tcp),
            """
            egress-run: denied 198.51.100.7:443/tcp: address_not_pinned; \
            no allowed name resolved to this address, and no rule names it \
            (to permit: --allow 198.51.100.7:443)
            """
        ),
        (
            event(.datagram, .addressNotPinned, address: "2001:db8::7", port: 443, transport: .udp),
            """
            egress-run: denied [2001:db8::7]:443/udp: address_not_pinned; \
            no allowed name resolved to this address, and no rule names it \
            (to permit: --allow [2001:db8::7]:443)
            """
        ),
        (
            event(.connect, .portNotAllowed, host: "example.com", address: "93.184.216.34", port: 22, transport: .tcp),
            """
            egress-run: denied example.com:22/tcp: port_not_allowed; \
            this port is not allowed \
            (to permit: --allow example.com:22)
            """
        ),
        (
            event(.name, .privateTargetBlocked, rule: "intranet.example:443", host: "intranet.example"),
            """
            egress-run: denied intranet.example: private_target_blocked; \
            the address is private or special-purpose \
            (to permit: --allow intranet.example:443/private)
            """
        ),
        (
            event(.name, .privateTargetBlocked, host: "intranet.example"),
            """
            egress-run: denied intranet.example: private_target_blocked; \
            the address is private or special-purpose \
            (to permit: --allow-private)
            """
        ),
        (
            event(.connect, .privateTargetBlocked, address: "10.0.0.7", port: 5432, transport: .tcp),
            """
            egress-run: denied 10.0.0.7:5432/tcp: private_target_blocked; \
            the address is private or special-purpose \
            (to permit: --allow 10.0.0.7:5432)
            """
        ),
        (
            event(.connect, .metadataBlocked, address: "169.254.169.254", port: 80, transport: .tcp),
            """
            egress-run: denied 169.254.169.254:80/tcp: metadata_blocked; \
            the address is a cloud metadata service, which only its exact literal allows \
            (to permit: --allow 169.254.169.254:80)
            """
        ),
        (
            event(.name, .metadataBlocked, host: "allowed.example", address: "169.254.169.254"),
            """
            egress-run: denied allowed.example: metadata_blocked; \
            the address is a cloud metadata service, which only its exact literal allows \
            (to permit: --allow 169.254.169.254)
            """
        ),
        (
            event(.name, .deniedByRule, rule: ".telemetry.example.com", host: "a.telemetry.example.com"),
            """
            egress-run: denied a.telemetry.example.com: denied_by_rule; \
            a deny rule matches: '.telemetry.example.com' \
            (to permit: remove that rule)
            """
        ),
        (
            event(.name, .recordTypeNotAllowed, host: "example.com", type: "TXT"),
            """
            egress-run: denied example.com TXT: record_type_not_allowed; \
            the policy does not name this DNS record type \
            (to permit: dns: {types: [TXT]} in the policy file)
            """
        ),
        (
            event(.name, .dnsResolutionFailed, host: "example.com", detail: "192.0.2.53: no answer in time"),
            """
            egress-run: failed example.com: dns_resolution_failed; the name could not be resolved: \
            192.0.2.53: no answer in time
            """
        ),
        // What is no host has no rule, and its bytes stay off the terminal.
        (
            event(.name, .hostNotAllowlisted, host: "\u{1b}[2J evil"),
            "egress-run: denied \\u{1b}[2J evil: host_not_allowlisted; no rule allows this host"
        ),
    ]

    @Test(arguments: rows)
    func `a denial says what, why, and what would permit it`(event: AuditEvent, line: String) {
        var teller = DenialTeller(detail: .denials, policy: policy)
        #expect(teller.line(for: event) == line)
    }

    @Test(arguments: Reason.allCases)
    func `every reason fits a line, whatever the name`(reason: Reason) {
        let long = Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".")
        for host in [long, String(repeating: "\u{1b}", count: 250), "a.example"] {
            var teller = DenialTeller(detail: .everything, policy: policy)
            let line = teller.line(
                for: event(.connect, reason, rule: "." + long, host: host, port: 65535, transport: .udp)
            )
            #expect(line.map { $0.utf8.count <= 200 && $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } } == true)
        }
    }

    @Test func `a name too long for the line keeps its end`() {
        let host = Array(repeating: String(repeating: "a", count: 60), count: 4).joined(separator: ".") + ".example"
        var teller = DenialTeller(detail: .denials, policy: policy)
        let line = teller.line(for: event(.name, .hostNotAllowlisted, host: host))
        #expect(line?.hasPrefix("egress-run: denied ...") == true)
        #expect(line?.utf8.count == 200)
        #expect(line?.contains("a.example: host_not_allowlisted; no rule allows this host") == true)
    }
}

struct DenialTellerTests {
    @Test func `a target is told once`() {
        var teller = DenialTeller(detail: .denials, policy: policy)
        #expect(teller.line(for: event(.name, .hostNotAllowlisted, host: "a.example", type: "A")) != nil)
        #expect(teller.line(for: event(.name, .hostNotAllowlisted, host: "a.example", type: "AAAA")) == nil)
        #expect(teller.line(for: event(.name, .hostNotAllowlisted, host: "A.example", type: "A")) == nil)
        #expect(teller.line(for: event(.name, .hostNotAllowlisted, host: "b.example", type: "A")) != nil)
        for port: UInt16 in [22, 25] {
            let denied = event(.connect, .portNotAllowed, host: "a.example", port: port, transport: .tcp)
            #expect(teller.line(for: denied) != nil)
            #expect(teller.line(for: denied) == nil)
        }
    }

    @Test func `what was allowed is told on request only`() {
        let allowed = event(.connect, .allowed, rule: "a.example:443", host: "a.example", port: 443, transport: .tcp)
        let denied = event(.name, .hostNotAllowlisted, host: "b.example")
        var quiet = DenialTeller(detail: .quiet, policy: policy)
        #expect(quiet.line(for: allowed) == nil)
        #expect(quiet.line(for: denied) == nil)
        var normal = DenialTeller(detail: .denials, policy: policy)
        #expect(normal.line(for: allowed) == nil)
        var verbose = DenialTeller(detail: .everything, policy: policy)
        #expect(verbose.line(for: allowed) == "egress-run: allowed a.example:443/tcp: rule 'a.example:443'")
        #expect(verbose.line(for: allowed) == nil)
        #expect(verbose.line(for: denied) != nil)
    }

    @Test func `the end of a connection and of the command are not news`() {
        var teller = DenialTeller(detail: .everything, policy: policy)
        #expect(teller.line(for: event(.close, .allowed, host: "a.example", port: 443, transport: .tcp)) == nil)
        #expect(teller.line(for: AuditEvent(.start)) == nil)
        #expect(teller.line(for: AuditEvent(.exit)) == nil)
    }

    @Test func `names made by the search list are not told again`() throws {
        let domains = [try Host("corp.example"), try Host("example")]
        func told(_ names: [String]) -> [Bool] {
            var teller = DenialTeller(detail: .denials, policy: policy, searchDomains: domains)
            return names.map { teller.line(for: event(.name, .hostNotAllowlisted, host: $0)) != nil }
        }
        // As resolvers go: the name itself, then with each domain.
        #expect(told(["a.test", "a.test.corp.example", "a.test.example"]) == [true, false, false])
        // With ndots or a single label, the domains come first: one of them, and the name itself.
        #expect(told(["db.corp.example", "db.example", "db", "db.corp.example"]) == [true, false, true, false])
        // The same name asked for by itself is not mistaken for another's.
        #expect(told(["b.test", "a.corp.example"]) == [true, true])
        #expect(told(["corp.example", "x.notcorp.test"]) == [true, true])
    }

    @Test func `only a denied name silences the search list`() throws {
        var teller = DenialTeller(detail: .everything, policy: policy, searchDomains: [try Host("corp.example")])
        #expect(teller.line(for: event(.name, .allowed, host: "a.test")) != nil)
        #expect(teller.line(for: event(.name, .hostNotAllowlisted, host: "a.test.corp.example")) != nil)
    }

    @Test func `a flood of targets is cut off with a last word`() {
        var teller = DenialTeller(detail: .denials, policy: policy, capacity: 3)
        let lines = (0..<100).compactMap { number in
            teller.line(for: event(.name, .hostNotAllowlisted, host: "a\(number).example"))
        }
        #expect(lines.count == 4)
        #expect(lines.last == "egress-run: 3 targets are told; those that follow are in the audit only (--audit FILE)")
    }
}
