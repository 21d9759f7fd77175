// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import NIOCore
import NIOHTTP1

/// One fetch: its requests, one after the other.
struct FetchRun {
    private let client: FetchClient
    private let request: FetchRequest
    private let sink: any FetchSink
    private let types: MediaTypes
    private let began = ContinuousClock.now
    private let deadline: NIODeadline
    private var step: Step
    private var budget: UInt64
    /// Requests that were made, to notice a loop.
    private var visited: Set<String> = []
    /// The credentials that were sent so far.
    private var scrubber = SecretScrubber()
    private(set) var hops: [FetchHop] = []

    init(_ client: FetchClient, _ request: FetchRequest, _ sink: any FetchSink) throws(FetchError) {
        guard request.body.count <= FetchRequest.maximumBodySize else {
            throw FetchError(.invalidRequest, "the body has more than \(FetchRequest.maximumBodySize) bytes")
        }
        guard request.body.isEmpty || request.method == .post else {
            throw FetchError(.invalidRequest, "only a POST has a body")
        }
        self.client = client
        self.request = request
        self.sink = sink
        types = try MediaTypes(request.acceptedTypes)
        deadline = .now() + TimeAmount(request.limits.totalTimeout)
        budget = request.limits.maxBytes
        let headers = try client.headerRules.check(request.headers)
        for binding in request.credentials.bindings where headers.contains(where: { $0.name == binding.header }) {
            throw FetchError(
                .invalidRequest,
                "the header '\(binding.header)' is given twice: by itself and as a credential"
            )
        }
        step = Step(request, headers: headers)
    }

    mutating func perform() async throws(FetchError) -> FetchResult {
        while true {
            let hopBegan = ContinuousClock.now
            let verdict = try await evaluate()
            var hop = FetchHop(
                method: step.method.rawValue,
                url: scrubber.scrub(RedactedURL.text(verdict.url)),
                egress: EgressBlock(verdict),
                droppedHeaders: step.dropped.sorted()
            )
            hop.timings.dns = .now - hopBegan
            hops.append(hop)
            guard
                visited.insert(
                    "\(step.method.rawValue) \(verdict.url.scheme)://\(verdict.url.authority)\(verdict.url.target)"
                ).inserted
            else { throw Redirect.refusal("it leads in a circle", to: verdict.url) }

            let head = try await requestHead(verdict)
            var exchange = try await Exchange.open(verdict, request.limits, deadline, client)
            defer { exchange.close() }
            hops[hops.count - 1].note(exchange.connection)
            let response = try await exchange.send(head, step.body)
            hops[hops.count - 1].status = Int(response.status.code)
            hops[hops.count - 1].timings.firstByte = .now - hopBegan
            guard Redirect.isFollowed(response.status.code) else {
                return try await deliver(response, &exchange, verdict.url)
            }
            try follow(response, from: verdict.url)
            // What the redirect said beside where to go is not read, but came.
            budget -= min(budget, UInt64(exchange.contentBytes))
        }
    }

    /// An error as the caller is told of it: with what was done before, and without what servers may have put into it.
    func told(_ error: FetchError) -> FetchError {
        var error = error
        error.hops = hops
        error.message = scrubber.scrub(error.message)
        if var policyError = error.policyError {
            policyError.message = scrubber.scrub(policyError.message)
            policyError.host = policyError.host.map(scrubber.scrub)
            error.policyError = policyError
        }
        return error
    }

    private func evaluate() async throws(FetchError) -> EgressPolicyVerdict {
        let request = EgressProxyRequest(
            method: step.method.rawValue,
            url: step.url,
            policy: request.policy,
            maxResponseBytes: budget,
            credentials: step.credentials
        )
        let service = client.service
        do {
            return try await within(deadline) { try await service.evaluate(request) }
        } catch let error as EgressPolicyError {
            guard !hops.isEmpty else { throw FetchError(error) }
            var error = error
            error.message = "the redirect is not followed: \(error.message)"
            throw FetchError(error)
        } catch {
            throw FetchError(describing: error)
        }
    }

    /// The request line and header: ours, the caller's, and the credentials for this host.
    private mutating func requestHead(_ verdict: EgressPolicyVerdict) async throws(FetchError) -> HTTPRequestHead {
        var headers: HTTPHeaders = ["host": verdict.url.authority]
        let given = Set(step.headers.map(\.name))
        if !given.contains("user-agent") { headers.add(name: "user-agent", value: "egress") }
        if !given.contains("accept") { headers.add(name: "accept", value: types.acceptValue) }
        // A part of something coded cannot be decoded.
        headers.add(name: "accept-encoding", value: given.contains("range") ? "identity" : ContentCoding.accepted)
        for header in step.headers { headers.add(name: header.name, value: header.value) }
        for binding in verdict.credentials {
            let secret = try await value(of: binding)
            scrubber.add(secret)
            headers.add(name: binding.header, value: binding.prefix + String(decoding: secret, as: UTF8.self))
        }
        if step.method == .post { headers.add(name: "content-length", value: "\(step.body.count)") }
        headers.add(name: "connection", value: "close")
        return HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: step.method.rawValue),
            uri: verdict.url.target,
            headers: headers
        )
    }

    /// The secret of a credential, fit for a header.
    private func value(of binding: CredentialBinding) async throws(FetchError) -> [UInt8] {
        guard let secrets = client.secrets else {
            throw FetchError(.credentialUnavailable, "there is no vault to take credentials from")
        }
        do {
            let reference = try binding.source.vaultReference()
            return try await within(deadline) {
                let secret = try await secrets.resolve(reference)
                return try secret.withBytes { bytes in
                    try CredentialHeader.check(value: bytes, of: binding.header)
                    return bytes.indices.map { bytes[$0] }
                }
            }
        } catch let error as EgressPolicyError {
            throw FetchError(error)
        } catch let error as SecretResolverError {
            throw FetchError(
                .credentialUnavailable,
                "the header '\(binding.header)' has no value: \(error.description)"
            )
        } catch {
            throw FetchError(describing: error)
        }
    }

    private mutating func follow(_ response: HTTPResponseHead, from url: WebURL) throws(FetchError) {
        let target = try Redirect.target(response.headers, of: url)
        hops[hops.count - 1].location = scrubber.scrub(RedactedURL.text(target))
        guard !scrubber.finds(in: "\(target)") else {
            throw Redirect.refusal("it carries a credential along", to: target)
        }
        guard hops.count <= request.limits.maxRedirects else {
            throw Redirect.refusal("there were \(request.limits.maxRedirects) before it", to: target)
        }
        step = try step.redirected(response.status.code, from: url, to: target)
    }

    /// Passes the body on.
    private mutating func deliver(
        _ response: HTTPResponseHead,
        _ exchange: inout Exchange,
        _ url: WebURL
    ) async throws(FetchError) -> FetchResult {
        let hasBody = step.method != .head && response.status.code != 204 && response.status.code != 304
        let decoder = hasBody ? try ContentCoding.decoder(for: response.headers) : nil
        if hasBody { try types.check(response.headers) }
        let head = FetchHead(
            status: Int(response.status.code),
            headers: response.headers.map { FetchHeader(scrubber.scrub($0.name), scrubber.scrub($0.value)) },
            length: hasBody && decoder == nil
                ? response.headers.first(name: "content-length").flatMap { UInt64($0) } : nil
        )
        do {
            try await sink.begin(head)
        } catch {
            throw FetchError(.outputFailed, String(describing: error))
        }
        var reader = BodyReader(budget: budget, decoder: decoder, scrubber: scrubber, sink: sink)
        try await exchange.read(into: &reader)
        return FetchResult(
            status: head.status,
            url: scrubber.scrub(RedactedURL.text(url)),
            headers: head.headers,
            bodyBytes: reader.bytes,
            wireBytes: reader.wireBytes,
            isTruncated: reader.isTruncated,
            hops: hops,
            totalTime: .now - began
        )
    }
}
