// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
public import EgressPolicyFile
import EgressText

extension WorkerFleetPolicy {
    /// Reads a file such as
    ///
    /// ```yaml
    /// version: 1
    /// require:
    ///   egress_proxy: true
    ///   isolation: netns
    ///   nonce: true
    ///   digests: { policy: ["sha256:..."], launcher: ["sha256:..."] }
    /// attestation: { maximum_age: 5m, clock_skew: 30s, lifetime: 1d }
    /// heartbeat: { interval: 10s, stale_after: 30s, offline_after: 2m, forget_after: 7d }
    /// limits: { workers: 100000, events: 10000, used_tokens: 1000000, requests_per_second: 200, burst: 1000,
    ///           connections: 20000 }
    /// ```
    ///
    /// All keys but `version` may be left out.
    ///
    /// - Throws: The first thing that is wrong, with its place.
    public static func load(path: String) throws(PolicyFileError) -> WorkerFleetPolicy {
        try Node.read(path: path) { (node) throws(Problem) in try WorkerFleetPolicy(node) }
    }

    init(_ root: Node) throws(Problem) {
        self.init()
        let keys = ["version", "require", "attestation", "heartbeat", "limits"]
        let entries = try root.members("a fleet policy", keys: keys, hint: "it begins with 'version: 1'")
        guard let version = entries.first(where: { $0.key == "version" }) else {
            throw Problem("the key 'version' is missing", at: root.mark, hint: "write 'version: 1'")
        }
        _ = try version.value.integer("'version'", in: 1...1)
        for entry in entries {
            switch entry.key {
            case "require": try readRequirements(entry.value)
            case "attestation": try readAttestation(entry.value)
            case "heartbeat": try readHeartbeat(entry.value)
            case "limits": try readLimits(entry.value)
            default: break
            }
        }
    }

    private mutating func readRequirements(_ node: Node) throws(Problem) {
        for entry in try node.members("'require'", keys: ["egress_proxy", "isolation", "nonce", "digests"]) {
            let name = "'\(entry.key)'"
            switch entry.key {
            case "egress_proxy": requireEgressProxy = try entry.value.boolean(name)
            case "nonce": requireNonce = try entry.value.boolean(name)
            case "isolation":
                let text = try entry.value.text(name, hint: "netns or preload")
                guard let level = IsolationLevel(rawValue: text) else {
                    throw Problem("unknown isolation \(text.quoted())", at: entry.value.mark, hint: "netns or preload")
                }
                minimumIsolation = level
            default: try readDigests(entry.value)
            }
        }
        if requireEgressProxy, minimumIsolation < .netns {
            let hint = "write 'egress_proxy: false' if cooperation is enough, or 'isolation: netns'"
            throw Problem("'isolation: preload' binds no egress", at: node.mark, hint: hint)
        }
    }

    private mutating func readDigests(_ node: Node) throws(Problem) {
        for entry in try node.members("'digests'", keys: DigestField.allCases.map(\.rawValue)) {
            let items = try entry.value.items("'\(entry.key)'", hint: "a list of digests")
            guard let field = DigestField(rawValue: entry.key), !items.isEmpty else {
                throw Problem("'\(entry.key)' is an empty list", at: entry.mark, hint: "leave it out to ask for none")
            }
            var allowed: Set<Digest> = []
            for item in items {
                let text = try item.text("a digest", hint: "'sha256:' and 64 digits of 0-9 and a-f")
                guard let digest = Digest(text) else {
                    let hint = "'sha256:' and 64 digits of 0-9 and a-f"
                    throw Problem("no digest: \(text.quoted())", at: item.mark, hint: hint)
                }
                allowed.insert(digest)
            }
            digests[field] = allowed
        }
    }

    private mutating func readAttestation(_ node: Node) throws(Problem) {
        for entry in try node.members("'attestation'", keys: ["maximum_age", "clock_skew", "lifetime"]) {
            let name = "'\(entry.key)'"
            switch entry.key {
            case "maximum_age": maximumAge = try entry.value.duration(name, in: 1...Self.year)
            case "clock_skew": clockSkew = try entry.value.duration(name, in: 0...3600)
            default: deadlines.attestationLifetime = try entry.value.duration(name, in: 1...Self.year)
            }
        }
    }

    private mutating func readHeartbeat(_ node: Node) throws(Problem) {
        let keys = ["interval", "stale_after", "offline_after", "forget_after"]
        for entry in try node.members("'heartbeat'", keys: keys) {
            let duration = try entry.value.duration("'\(entry.key)'", in: 1...Self.year)
            switch entry.key {
            case "interval": deadlines.heartbeatInterval = duration
            case "stale_after": deadlines.staleAfter = duration
            case "offline_after": deadlines.offlineAfter = duration
            default: forgetAfter = duration
            }
        }
        guard deadlines.heartbeatInterval < deadlines.staleAfter, deadlines.staleAfter < deadlines.offlineAfter,
            deadlines.offlineAfter <= forgetAfter
        else {
            let order = "interval < stale_after < offline_after <= forget_after"
            throw Problem("the times of 'heartbeat' are not in order", at: node.mark, hint: order)
        }
    }

    private mutating func readLimits(_ node: Node) throws(Problem) {
        let keys = ["workers", "events", "used_tokens", "requests_per_second", "burst", "connections"]
        for entry in try node.members("'limits'", keys: keys) {
            let number = try entry.value.integer("'\(entry.key)'", in: 1...10_000_000)
            switch entry.key {
            case "workers": limits.workers = number
            case "events": limits.events = number
            case "used_tokens": limits.uses = number
            case "requests_per_second": requests.perSecond = number
            case "burst": requests.burst = number
            default: requests.connections = number
            }
        }
    }

    private static let year = 365 * 86_400
}

extension Node {
    /// A whole number within bounds.
    fileprivate func integer(_ name: String, in bounds: ClosedRange<Int>) throws(Problem) -> Int {
        guard case .scalar(let scalar) = content, scalar.kind == .number else {
            throw wrongKind(name, "a number", nil)
        }
        guard let number = Int(scalar.text), bounds.contains(number) else {
            let span = bounds.count == 1 ? "\(bounds.lowerBound)" : "\(bounds.lowerBound) to \(bounds.upperBound)"
            throw Problem("\(name) must be \(span), not \(scalar.text.quoted())", at: mark)
        }
        return number
    }

    /// A length of time: a number and its unit, `s`, `m`, `h` or `d`. Without a unit, nothing: a guess could be wrong.
    fileprivate func duration(_ name: String, in bounds: ClosedRange<Int>) throws(Problem) -> Duration {
        let hint = "a number and s, m, h or d, such as 30s"
        guard case .scalar(let scalar) = content, scalar.kind == .text || scalar.kind == .number else {
            throw wrongKind(name, "a length of time", hint)
        }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = scalar.text.last.flatMap({ units[$0] }),
            scalar.text.dropLast().utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let number = Int(scalar.text.dropLast()), number <= bounds.upperBound
        else {
            throw Problem("\(name) is no length of time: \(scalar.text.quoted())", at: mark, hint: hint)
        }
        guard bounds.contains(number * unit) else {
            throw Problem("\(name) must be \(bounds.lowerBound)s to \(bounds.upperBound)s", at: mark)
        }
        return .seconds(number * unit)
    }
}
