// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// A policy for requests, compiled once and used for many.
public struct EgressRequestPolicy: Sendable {
    /// The compiled rules.
    public var policy: Policy { storage.policy }

    /// Shared by all requests under the policy: a copy of a ``EgressPolicy/Policy`` counts a dozen references.
    let storage: Storage

    final class Storage: Sendable {
        let policy: Policy

        /// What the rules add to a request's fingerprint: it costs as much as they are many, so it is taken once.
        let digest: [UInt8]

        init(_ policy: Policy) {
            self.policy = policy
            digest = RequestEncoding.digest(of: policy)
        }
    }

    /// A policy of any rules.
    public init(_ policy: Policy) {
        storage = Storage(policy)
    }

    /// A policy of the lists of an ``EgressProxyRequest``. Empty lists allow nothing.
    ///
    /// - Parameters:
    ///   - allowedHosts: Names and addresses that may be reached exactly as they are, with `:PORT` for one port only.
    ///   - allowedDNSSuffixes: Names that may be reached with all below them: `example.com` stands for it and `api.example.com`.
    ///   - allowPrivateTargets: Whether private addresses may be reached: those that an allowed name resolves to, and those in
    ///     `allowedHosts`. This machine's loopback, metadata services and the like need to stand in `allowedHosts` besides.
    /// - Throws: ``EgressPolicy/RuleError`` for a text that is no rule, or one that allows far more than its writer can know.
    public init(
        allowedHosts: [String],
        allowedDNSSuffixes: [String] = [],
        allowPrivateTargets: Bool = false
    ) throws(RuleError) {
        var rules: [Rule] = []
        for text in allowedHosts {
            let rule = try Rule.parse(text)
            switch rule.target {
            case .host: rules.append(rule)
            case .address(let address):
                // Listed and yet not opted in to: the request has to say both.
                if allowPrivateTargets || address.addressClass == .global { rules.append(rule) }
            case .hostAndBelow, .below, .block:
                throw RuleError(
                    .notAHost,
                    input: text,
                    hint: "a list of hosts has one name or address each, such as example.com"
                )
            }
        }
        for text in allowedDNSSuffixes {
            let rule = try Rule.parse(text.hasPrefix(".") || text.hasPrefix("*.") ? text : ".\(text)")
            rules.append(rule)
        }
        self.init(Policy(allow: rules, deny: [], allowPrivate: allowPrivateTargets))
    }
}
