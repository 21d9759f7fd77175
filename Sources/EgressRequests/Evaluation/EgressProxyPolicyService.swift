// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Decides on requests before any socket is opened for them. It keeps nothing between two requests.
///
/// A request is denied by default. Checks go from the cheapest to the dearest, and all that need no network come first: a
/// name that is not allowed is never asked about. In this order: method, URL, response budget, credentials, host and port;
/// then the name is resolved, and its whole answer is judged, where one bad address voids all.
public struct EgressProxyPolicyService: Sendable {
    private let resolver: any HostResolver

    /// How long a name may take to be resolved.
    public let resolutionTimeout: Duration

    /// The most addresses that a verdict pins; all of an answer are judged.
    public static let maximumPinnedAddresses = 64

    /// A service that asks a resolver for names.
    public init(resolver: any HostResolver, resolutionTimeout: Duration = .seconds(10)) {
        self.resolver = resolver
        self.resolutionTimeout = resolutionTimeout
    }

    /// Decides on a request.
    ///
    /// - Returns: The addresses to connect to and the credentials to add.
    /// - Throws: ``EgressPolicyError``, with the reason for which the request must not be made.
    public func evaluate(_ request: EgressProxyRequest) async throws(EgressPolicyError) -> EgressPolicyVerdict {
        let checked = try Self.check(request)
        let addresses: [IPAddress]
        switch checked.url.host {
        case .address(let address): addresses = [address]
        case .name(let host): addresses = try await resolve(host, port: checked.url.port, request.policy.policy)
        }
        return Self.verdict(checked, addresses)
    }

    /// Resolves a name that the policy allows, and judges the whole answer.
    ///
    /// - Returns: All its addresses, each of which may be connected to at the port.
    /// - Throws: ``EgressPolicyError``; of a denied answer with all its addresses.
    public func resolve(
        _ host: Host,
        port: UInt16,
        protocol transport: TransportProtocol = .tcp,
        _ policy: Policy
    ) async throws(EgressPolicyError) -> [IPAddress] {
        let answer: ResolvedHost
        do {
            answer = try await resolver.resolve(host, deadline: .now + resolutionTimeout)
        } catch {
            let reason: Reason = error == .noAddress ? .emptyResolution : .dnsResolutionFailed
            throw EgressPolicyError(reason, error.description, host: host.description, port: port)
        }
        try Self.judge(answer, of: host, port: port, protocol: transport, policy)
        return answer.addresses
    }

    private static func verdict(_ checked: CheckedRequest, _ addresses: [IPAddress]) -> EgressPolicyVerdict {
        var pinned: [PinnedAddress] = []
        for address in addresses where pinned.count < maximumPinnedAddresses {
            let address = PinnedAddress(address, port: checked.url.port)
            if !pinned.contains(address) { pinned.append(address) }
        }
        return EgressPolicyVerdict(
            reason: .allowed,
            message: checked.rule.map { "the rule '\($0)' allows it" } ?? Reason.allowed.summary,
            url: checked.url,
            host: checked.url.host.plainDescription,
            resolvedAddresses: pinned,
            credentials: checked.credentials,
            credentialHeaders: checked.credentials.map(\.header).sorted(),
            requestFingerprint: checked.fingerprint,
            rule: checked.rule
        )
    }
}

extension WebURL.Authority {
    /// The name, or the address without brackets.
    var plainDescription: String {
        switch self {
        case .name(let host): host.description
        case .address(let address): address.description
        }
    }
}
