// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests

/// A policy of rule texts.
func policy(_ allow: [String], deny: [String] = [], allowPrivate: Bool = false) throws -> EgressRequestPolicy {
    EgressRequestPolicy(
        Policy(
            allow: try allow.map { try Rule.parse($0) },
            deny: try deny.map { try Rule.parse($0, for: .deny) },
            allowPrivate: allowPrivate
        )
    )
}

/// A binding of texts.
func binding(
    _ header: String,
    _ source: String = "vault:token",
    hosts: [String] = ["api.example.com"],
    prefix: String = ""
) throws -> CredentialBinding {
    CredentialBinding(
        header: header,
        source: try SecretSource(parsing: source),
        hosts: try hosts.map { try Rule.parse($0) },
        prefix: prefix
    )
}

/// What an evaluation comes to: a verdict, or the error.
func evaluate(
    _ request: EgressProxyRequest,
    _ resolver: RecordingResolver = RecordingResolver()
) async -> Result<EgressPolicyVerdict, EgressPolicyError> {
    do throws(EgressPolicyError) {
        return .success(try await EgressProxyPolicyService(resolver: resolver).evaluate(request))
    } catch {
        return .failure(error)
    }
}

extension Result where Success == EgressPolicyVerdict, Failure == EgressPolicyError {
    /// Why, whichever way it went.
    var reason: Reason {
        switch self {
        case .success(let verdict): verdict.reason
        case .failure(let error): error.reason
        }
    }
}
