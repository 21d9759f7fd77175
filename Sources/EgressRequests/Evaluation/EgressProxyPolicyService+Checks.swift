// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

extension EgressProxyPolicyService {
    /// All that can be decided about a request without a network.
    ///
    /// - Throws: ``EgressPolicyError``, with the reason for which the request must not be made.
    public static func check(_ request: EgressProxyRequest) throws(EgressPolicyError) -> CheckedRequest {
        try check(method: request.method)
        let url = try url(request.url)
        guard request.maxResponseBytes > 0 else {
            throw EgressPolicyError(
                .invalidResponseBudget,
                "a response of at most 0 bytes cannot be read: give a bound above 0",
                host: url.host.plainDescription,
                port: url.port
            )
        }
        let credentials: [CredentialBinding]
        do {
            try request.credentials.validate()
            credentials = try request.credentials.bindings(for: url)
        } catch {
            var error = error
            error.host = url.host.plainDescription
            error.port = url.port
            throw error
        }
        let rule = try rule(for: url.host, port: url.port, request.policy.storage.policy)
        return CheckedRequest(
            url: url,
            credentials: credentials,
            rule: rule,
            fingerprint: RequestEncoding(request, url).fingerprint
        )
    }

    /// The longest method, in bytes.
    public static let maximumMethodLength = 32

    /// The methods that the Fetch standard forbids: one opens a tunnel, the others echo credentials.
    private static let refusedMethods = ["CONNECT", "TRACE", "TRACK"]

    private static func check(method: String) throws(EgressPolicyError) {
        if method == "GET" { return }
        guard method.utf8.count <= maximumMethodLength, CredentialHeader.isToken(method.utf8) else {
            throw EgressPolicyError(.invalidMethod, "a method is a word such as GET")
        }
        guard !refusedMethods.contains(method.uppercased()) else {
            throw EgressPolicyError(.invalidMethod, "\(method.uppercased()) requests are never made")
        }
    }

    /// Reads a URL that can be fetched: `http` or `https`.
    ///
    /// - Throws: ``EgressPolicyError``, without the URL, in which a secret may stand.
    public static func url(_ text: String) throws(EgressPolicyError) -> WebURL {
        do throws(WebURLError) {
            let url = try WebURL(text)
            guard url.scheme == "http" || url.scheme == "https" else { throw WebURLError(.unsupportedScheme) }
            return url
        } catch {
            throw EgressPolicyError(error.reason, message(error.reason))
        }
    }

    /// What to write instead; without the URL, in which a secret may stand.
    private static func message(_ reason: Reason) -> String {
        switch reason {
        case .unsupportedScheme: "only http:// and https:// URLs can be fetched"
        case .urlCredentialsForbidden:
            "a URL must not hold a user name or password: bind a credential of the vault to a header"
        case .missingHost: "the URL names no host that all programs read alike"
        case .missingPort: "the port of the URL is no number from 1 to 65535"
        case .nonCanonicalAddress:
            "the URL's host is an address in a form that programs read differently: write it in full"
        case .invalidURL:
            "the URL holds a character that has to be percent-encoded, or is longer than \(WebURL.maximumLength) bytes"
        default: reason.summary
        }
    }

    /// The rule that allows a host and port, as far as that can be said before a name is resolved.
    ///
    /// - Throws: ``EgressPolicyError`` when none does, or when one denies it.
    public static func rule(
        for host: WebURL.Authority,
        port: UInt16,
        protocol transport: TransportProtocol = .tcp,
        _ policy: Policy
    ) throws(EgressPolicyError) -> Rule? {
        var verdict: Verdict
        let permitting: String?
        switch host {
        case .name(let name):
            verdict = policy.decide(host: name, port: port, protocol: transport)
            guard !verdict.isAllowed else { return verdict.rule }
            permitting = policy.suggestion(host: name, port: port, protocol: transport)
        case .address(let address):
            verdict = policy.decide(address: address, port: port, protocol: transport, names: [])
            guard !verdict.isAllowed else { return verdict.rule }
            // Nothing was to be pinned here: the address is the host, and no rule names it.
            if verdict.reason == .addressNotPinned { verdict.reason = .hostNotAllowlisted }
            permitting = policy.suggestion(address: address, port: port, protocol: transport)
        }
        throw EgressPolicyError(
            verdict.reason,
            verdict.rule.map { "the rule '\($0)' denies it" },
            host: host.plainDescription,
            port: port,
            rule: verdict.rule,
            permittingRule: permitting
        )
    }

    /// Judges what a name resolved to: its aliases, the answer as a whole, and each address with the port.
    ///
    /// - Throws: ``EgressPolicyError`` with all addresses of the answer, when any of them must not be connected to.
    public static func judge(
        _ answer: ResolvedHost,
        of host: Host,
        port: UInt16,
        protocol transport: TransportProtocol = .tcp,
        _ policy: Policy
    ) throws(EgressPolicyError) {
        func denied(_ verdict: Verdict, _ culprit: String) -> EgressPolicyError {
            let cause = verdict.rule.map { "the rule '\($0)' denies it" } ?? verdict.reason.summary
            return EgressPolicyError(
                verdict.reason,
                "\(culprit): \(cause)",
                host: host.description,
                port: port,
                rule: verdict.rule,
                addresses: answer.addresses,
                permittingRule: policy.suggestion(
                    host: host,
                    port: port,
                    protocol: transport,
                    answer: answer.addresses
                )
            )
        }
        for alias in answer.aliases {
            let verdict = policy.decide(alias: alias)
            guard verdict.isAllowed else { throw denied(verdict, "it is an alias of \(alias)") }
        }
        guard !answer.addresses.isEmpty else {
            throw EgressPolicyError(.emptyResolution, host: host.description, port: port)
        }
        // The whole answer first, as a resolver does before it tells anyone; then each address, as the gate does.
        for address in answer.addresses {
            let culprit = "it resolves to \(address) (\(address.addressClass.words))"
            var verdict = policy.validate(answer: [address], for: host)
            guard verdict.isAllowed else { throw denied(verdict, culprit) }
            verdict = policy.decide(address: address, port: port, protocol: transport, names: [host])
            guard verdict.isAllowed else { throw denied(verdict, culprit) }
        }
    }
}
