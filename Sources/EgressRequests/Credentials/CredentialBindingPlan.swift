// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// The credentials that a request may be given, each only for the hosts it names.
public struct CredentialBindingPlan: Sendable {
    /// The bindings; their order means nothing.
    public let bindings: [CredentialBinding]

    /// The most bindings of one request.
    public static let maximumCount = 32

    /// A plan, not yet checked.
    public init(_ bindings: [CredentialBinding] = []) {
        self.bindings = bindings
    }

    /// Checks every binding, also those that a URL would not use.
    public func validate() throws(EgressPolicyError) {
        guard bindings.count <= Self.maximumCount else {
            throw EgressPolicyError(.limitReached, "a request has at most \(Self.maximumCount) credentials")
        }
        for binding in bindings { try binding.validate() }
    }

    /// The bindings whose credentials are sent to the server of a URL.
    ///
    /// - Throws: ``EgressPolicy/Reason/invalidCredentialHeader`` when two of them want the same header.
    public func bindings(for url: WebURL) throws(EgressPolicyError) -> [CredentialBinding] {
        guard !bindings.isEmpty else { return [] }
        let applying = bindings.filter { $0.applies(to: url) }
        var seen: Set<String> = []
        for binding in applying where !seen.insert(binding.header).inserted {
            throw EgressPolicyError(.invalidCredentialHeader, "two credentials want the header '\(binding.header)'")
        }
        return applying
    }

    /// What is left of the plan after a redirect. What is dropped stays dropped, also when a later redirect leads back.
    public func surviving(redirectFrom old: WebURL, to new: WebURL) -> CredentialBindingPlan {
        CredentialBindingPlan(bindings.filter { $0.survives(redirectFrom: old, to: new) })
    }
}
