// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// Counts the new names that each wildcard rule lets go upstream in a minute; see ``ResolverLimits/wildcardNames``.
struct WildcardBudget: Sendable {
    let names: Int
    let octets: Int

    private struct Usage {
        var start: UInt64
        var names: Set<Host> = []
        var octets = 0
    }

    private static let window: UInt64 = 60 * ResolverLimits.second
    private var usages: [Rule: Usage] = [:]

    init(names: Int, octets: Int) {
        self.names = names
        self.octets = octets
    }

    /// Whether a name may go upstream because of a rule; counts it when it may.
    mutating func spend(on host: Host, rule: Rule?, now: UInt64) -> Bool {
        guard let rule, let base = Self.base(of: rule), base != host else { return true }
        var usage = usages[rule] ?? Usage(start: now)
        if now &- usage.start >= Self.window { usage = Usage(start: now) }
        guard !usage.names.contains(host) else { return true }
        let length = max(host.utf8.count - base.utf8.count, 0)
        guard usage.names.count < names, usage.octets + length <= octets else { return false }
        // Taken out while it changes, so that the set is not copied for every name.
        usages[rule] = nil
        usage.names.insert(host)
        usage.octets += length
        usages[rule] = usage
        return true
    }

    private static func base(of rule: Rule) -> Host? {
        switch rule.target {
        case .hostAndBelow(let host), .below(let host): host
        default: nil
        }
    }
}
