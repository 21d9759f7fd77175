// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests

/// What the policy says of one target, and why.
struct Explanation {
    /// What was asked about, printable.
    let target: String
    let reason: Reason
    let message: String
    var host: String?
    var port: UInt16?
    var transport = TransportProtocol.tcp
    /// The rule that decided.
    var rule: Rule?
    /// The addresses: the literal one, or all that the name resolved to; nil when it was not resolved.
    var addresses: [IPAddress]?
    /// The text of the one rule that would allow it.
    var permittingRule: String?
    /// Whether a request would go ahead but for the name, which was deliberately not resolved.
    var isUnresolved = false

    var isAllowed: Bool { reason == .allowed }

    /// Whether the name could not be resolved, so that nothing can be said.
    var isResolutionFailure: Bool { reason == .dnsResolutionFailed || reason == .emptyResolution }

    /// Asks the policy about a target, and a resolver about its name if the policy allows that.
    ///
    /// - Parameter resolver: nil to resolve nothing.
    static func of(_ text: String, _ policy: Policy, resolver: (any HostResolver)?, timeout: Duration) async
        -> Explanation
    {
        let target: CheckTarget
        do { target = try CheckTarget(text) } catch {
            return Explanation(target: CheckTarget.shown(text), error, .tcp, addresses: nil)
        }
        do throws(EgressPolicyError) {
            return try await of(target, policy, resolver: resolver, timeout: timeout)
        } catch {
            var addresses = error.addresses.isEmpty ? nil : error.addresses
            if case .address(let literal) = target.host { addresses = [literal] }
            return Explanation(target: target.text, error, target.transport, addresses: addresses)
        }
    }

    private static func of(
        _ target: CheckTarget,
        _ policy: Policy,
        resolver: (any HostResolver)?,
        timeout: Duration
    ) async throws(EgressPolicyError) -> Explanation {
        let rule = try EgressProxyPolicyService.rule(
            for: target.host,
            port: target.port,
            protocol: target.transport,
            policy
        )
        var explanation = Explanation(
            target: target.text,
            reason: .allowed,
            message: Reason.allowed.summary,
            port: target.port,
            transport: target.transport,
            rule: rule
        )
        switch target.host {
        case .address(let address):
            explanation.host = address.description
            explanation.addresses = [address]
        case .name(let name):
            explanation.host = name.description
            guard let resolver else {
                explanation.isUnresolved = true
                return explanation
            }
            let service = EgressProxyPolicyService(resolver: resolver, resolutionTimeout: timeout)
            explanation.addresses = try await service.resolve(
                name,
                port: target.port,
                protocol: target.transport,
                policy
            )
        }
        return explanation
    }

    private init(
        target: String,
        reason: Reason,
        message: String,
        port: UInt16?,
        transport: TransportProtocol,
        rule: Rule?
    ) {
        self.target = target
        self.reason = reason
        self.message = message
        self.port = port
        self.transport = transport
        self.rule = rule
    }

    private init(
        target: String,
        _ error: EgressPolicyError,
        _ transport: TransportProtocol,
        addresses: [IPAddress]?
    ) {
        self.init(
            target: target,
            reason: error.reason,
            message: error.message,
            port: error.port,
            transport: transport,
            rule: error.rule
        )
        host = error.host
        self.addresses = addresses
        permittingRule = error.permittingRule
    }
}
