// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests

/// Asks EgressProxyPolicyService about a request.
struct RequestReplay {
    let corpus: AttackCorpus
    let request: RequestInput

    /// What it says; of several look-ups, the last.
    func observation() async -> Observation {
        do {
            let service = EgressProxyPolicyService(resolver: ScriptedResolver(corpus: corpus, request: request))
            let question = try question()
            for _ in 1..<max(request.count, 1) { _ = try await service.evaluate(question) }
            let verdict = try await service.evaluate(question)
            var observation = Observation(records: [.typedError: []], exports: "\(verdict)")
            observation.isAllowed = verdict.reason == .allowed && !verdict.resolvedAddresses.isEmpty
            return observation
        } catch let error as EgressPolicyError {
            let texts = ["\(error)", String(reflecting: error), error.message]
            return Observation(records: [.typedError: [error.reason.rawValue]], exports: texts.joined(separator: "\n"))
        } catch {
            return Observation(records: [:], exports: "\(error)", vacuity: "nothing was asked: \(error)")
        }
    }

    private func question() throws -> EgressProxyRequest {
        let policy = Policy(
            allow: try request.allowed.map { try Rule.parse($0, for: .allow) },
            deny: try request.denied.map { try Rule.parse($0, for: .deny) },
            allowPrivate: request.allowPrivate ?? false
        )
        let credentials = try (request.credentials ?? []).map { credential in
            CredentialBinding(
                header: credential.header,
                source: try SecretSource(parsing: credential.source),
                hosts: try credential.hosts.map { try Rule.parse($0, for: .allow) }
            )
        }
        return EgressProxyRequest(
            method: request.method ?? "GET",
            url: request.url(for: "library"),
            policy: EgressRequestPolicy(policy),
            maxResponseBytes: request.maxResponseBytes ?? EgressProxyRequest.usualMaxResponseBytes,
            credentials: CredentialBindingPlan(credentials)
        )
    }
}
