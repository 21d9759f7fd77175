// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Tells people at a terminal what was denied, once per target, and which flag would permit it.
///
/// The audit file has every event. Here a program that tries the same target a thousand times gives one line, and
/// one that tries thousands of targets gives a bounded number of lines and takes a bounded amount of memory.
public struct DenialTeller: Sendable {
    /// How much is told.
    public enum Detail: Sendable {
        /// Nothing.
        case quiet
        /// What was denied.
        case denials
        /// What was denied, and what was allowed.
        case everything
    }

    private let detail: Detail
    private let policy: Policy
    private let searchDomains: [Host]
    private let capacity: Int
    private var told: Set<Subject> = []
    private var isExhausted = false

    /// A teller that has told nothing yet.
    ///
    /// - Parameters:
    ///   - detail: How much to tell.
    ///   - policy: The policy that denied; it knows which rule would permit.
    ///   - searchDomains: The search list of the resolver configuration that the command sees.
    ///   - capacity: How many targets are told before it falls silent.
    public init(detail: Detail, policy: Policy, searchDomains: [Host] = [], capacity: Int = 1000) {
        self.detail = detail
        self.policy = policy
        self.searchDomains = searchDomains
        self.capacity = capacity
    }

    /// True if what is allowed is told as well.
    public var tellsEverything: Bool { detail == .everything }

    /// The line to show for an event: printable ASCII without a newline, or nil when there is nothing new to tell.
    public mutating func line(for event: AuditEvent) -> String? {
        guard let verdict = event.verdict, event.kind != .close, detail != .quiet else { return nil }
        if verdict.isAllowed, detail != .everything { return nil }
        guard !isExhausted, isNews(event, verdict) else { return nil }
        if told.count > capacity {
            isExhausted = true
            return "egress-run: \(capacity) targets are told; those that follow are in the audit only (--audit FILE)"
        }
        return verdict.isAllowed ? Telling.allowed(event, verdict) : Telling.denied(event, verdict, policy)
    }

    private mutating func isNews(_ event: AuditEvent, _ verdict: Verdict) -> Bool {
        var subject = Subject(event, verdict)
        guard !told.contains(subject) else { return false }
        // A resolver that is denied "a.example" goes on to try "a.example.corp.example" by its search list.
        if verdict.reason == .hostNotAllowlisted, let bare = withoutSearchDomain(subject.target) {
            if told.contains(Subject(target: bare, port: subject.port, isAllowed: false)) { return false }
            // Of all the forms with a domain the first is told; the name itself may still follow.
            subject.target = bare + "."
        }
        return told.insert(subject).inserted
    }

    private func withoutSearchDomain(_ name: String) -> String? {
        guard let host = try? Host(name), let domain = searchDomains.first(where: { host.isBelow($0) }) else {
            return nil
        }
        return String(decoding: host.utf8.dropLast(domain.utf8.count + 1), as: UTF8.self)
    }
}

/// What a line is about: two events with the same subject are told once.
private struct Subject: Hashable {
    var target: String
    var port: UInt16?
    var transport: TransportProtocol?
    var recordType: String?
    var isAllowed: Bool

    init(target: String, port: UInt16?, isAllowed: Bool) {
        self.target = target
        self.port = port
        self.isAllowed = isAllowed
    }

    init(_ event: AuditEvent, _ verdict: Verdict) {
        target = event.path ?? event.host?.lowercased() ?? event.address?.description ?? verdict.reason.rawValue
        port = event.port
        transport = event.transport
        // The two questions for A and AAAA are about one name; one for TXT may be denied where they are not.
        recordType = verdict.reason == .recordTypeNotAllowed ? event.recordType : nil
        isAllowed = verdict.isAllowed
    }
}
