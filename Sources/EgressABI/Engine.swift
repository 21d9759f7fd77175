// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy
import Synchronization

/// What stands behind one handle: a policy, the pins made under it, and which denials were told.
///
/// The policy never changes and needs no lock. Pins and teller have one each, held for one operation on them.
final class Engine: Sendable {
    let policy: Policy
    let recordTypes: Set<RecordType>
    let flags: OpenFlags
    let hostname: Host?
    let searchDomains: [Host]
    let pins = Mutex(PinTable())
    let teller: Mutex<DenialTeller>

    init(policy: Policy, recordTypes: Set<RecordType>, flags: OpenFlags) {
        self.policy = policy
        self.recordTypes = recordTypes
        self.flags = flags
        hostname = flags.contains(.localNames) ? Machine.hostname() : nil
        searchDomains = flags.contains(.searchDomains) ? Machine.searchDomains() : []
        let detail: DenialTeller.Detail =
            flags.contains(.quiet) ? .quiet : flags.contains(.verbose) ? .everything : .denials
        teller = Mutex(DenialTeller(detail: detail, policy: policy))
    }
}

/// The bits of `egress_options.flags`.
struct OpenFlags: OptionSet {
    var rawValue: UInt32

    static let allowPrivate = OpenFlags(rawValue: 1 << 0)
    static let localNames = OpenFlags(rawValue: 1 << 1)
    static let searchDomains = OpenFlags(rawValue: 1 << 2)
    static let quiet = OpenFlags(rawValue: 1 << 3)
    static let verbose = OpenFlags(rawValue: 1 << 4)

    static let known: OpenFlags = [.allowPrivate, .localNames, .searchDomains, .quiet, .verbose]
}

/// The answer to one call.
enum Ruling {
    /// The policy has decided.
    case decided(AuditEvent)
    /// There was nothing to decide, because the call made no sense; it counts as denied.
    case refused(Refusal, String)

    /// The codes beside those of `Reason`.
    enum Refusal: String {
        case invalidArgument = "invalid_argument"
        case invalidHandle = "invalid_handle"
        case invalidPolicy = "invalid_policy"
    }

    var isAllowed: Bool {
        switch self {
        case .decided(let event): event.verdict?.isAllowed ?? false
        case .refused: false
        }
    }
}
