// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// Counts the new names that each wildcard rule lets go upstream in a minute; see ``ResolverLimits/wildcardNames``.
///
/// A name that some rule spells out tells nothing new and is free, whichever rule the policy gave as its reason.
struct WildcardBudget: Sendable {
    let rules: [Rule]
    let names: Int
    let octets: Int

    private struct Usage {
        var names: Set<Host> = []
        var octets = 0
    }

    private static let window: UInt64 = 60 * ResolverLimits.second
    /// The minutes that are under way.
    private var usages: [Rule: Usage] = [:]
    private var ends = ExpiryQueue<Rule>()
    /// The names that rules spell out; made when a wildcard is used first.
    private var spelled: Set<Host>?

    init(rules: [Rule], names: Int, octets: Int) {
        self.rules = rules
        self.names = names
        self.octets = octets
    }

    /// Whether a name may go upstream because of a rule; counts it when it may.
    mutating func spend(on host: Host, rule: Rule?, now: UInt64) -> Bool {
        guard let rule, let base = Self.base(of: rule), !isSpelled(host) else { return true }
        while let ended = ends.pop(dueAt: now) { usages[ended] = nil }
        var usage = usages[rule] ?? Usage()
        guard !usage.names.contains(host) else { return true }
        let length = max(host.utf8.count - base.utf8.count, 0)
        guard usage.names.count < names, usage.octets + length <= octets else { return false }
        // Taken out while it changes, so that the set is not copied for every name.
        if usages.removeValue(forKey: rule) == nil { ends.insert(rule, due: now + Self.window) }
        usage.names.insert(host)
        usage.octets += length
        usages[rule] = usage
        return true
    }

    private mutating func isSpelled(_ host: Host) -> Bool {
        if let spelled { return spelled.contains(host) }
        let names: [Host] = rules.compactMap { rule in
            switch rule.target {
            case .host(let host), .hostAndBelow(let host): host
            default: nil
            }
        }
        let spelled = Set(names)
        self.spelled = spelled
        return spelled.contains(host)
    }

    private static func base(of rule: Rule) -> Host? {
        switch rule.target {
        case .hostAndBelow(let host), .below(let host): host
        default: nil
        }
    }
}
