// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Requests to one server, for a short while: a client of its own, closed with it, so that no connection outlives the use of
/// a token.
struct OpenBaoExchange: Sendable {
    let server: OpenBaoServer
    let token: String
    let limits: OpenBaoLimits
    let client: HTTPClient

    struct Answer {
        var status: UInt
        var body: ByteBuffer
    }

    /// Opens an exchange, and closes it when `body` is done.
    static func with<Result: Sendable>(
        _ server: OpenBaoServer,
        token: String,
        limits: OpenBaoLimits,
        _ body: @Sendable (OpenBaoExchange) async throws(OpenBaoError) -> Result
    ) async throws(OpenBaoError) -> Result {
        var settings = HTTPClient.Configuration(
            tlsConfiguration: try tls(server),
            redirectConfiguration: .disallow,
            timeout: .init(connect: .nanoseconds(limits.nanoseconds), read: .nanoseconds(limits.nanoseconds))
        )
        settings.httpVersion = .http1Only
        // Else a certificate that isn't trusted is looked at again and again until the time is over.
        settings.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: settings)
        let result: Result
        do {
            result = try await body(OpenBaoExchange(server: server, token: token, limits: limits, client: client))
        } catch {
            try? await client.shutdown()
            throw error
        }
        try? await client.shutdown()
        return result
    }

    private static func tls(_ server: OpenBaoServer) throws(OpenBaoError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        // A server that does not answer would not say goodbye either.
        tls.shutdownTimeout = .milliseconds(100)
        guard let path = server.certificateAuthority else { return tls }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw .configuration("the file of certificates can't be read, or holds none in PEM")
        }
        tls.trustRoots = .certificates(certificates)
        return tls
    }

    func get(_ path: String) async throws(OpenBaoError) -> Answer { try await send(.GET, path) }

    func post(_ path: String) async throws(OpenBaoError) -> Answer { try await send(.POST, path) }

    private func send(_ method: HTTPMethod, _ path: String) async throws(OpenBaoError) -> Answer {
        var request = HTTPClientRequest(url: "\(server.url)/v1/\(path)")
        request.method = method
        request.headers.add(name: "X-Vault-Token", value: token)
        // A mark that a browser can't be made to send; agents in between may ask for it.
        request.headers.add(name: "X-Vault-Request", value: "true")
        if let namespace = server.namespace { request.headers.add(name: "X-Vault-Namespace", value: namespace) }
        request.headers.add(name: "Accept", value: "application/json")
        do {
            let answer = try await withDeadline(request)
            if (300..<400).contains(answer.status) { throw OpenBaoError.redirected(answer.status) }
            return answer
        } catch let error as OpenBaoError {
            throw error
        } catch {
            throw OpenBaoError(exchange: error)
        }
    }

    /// The time is that of the whole exchange: the deadline of the client ends with the head.
    private func withDeadline(_ request: HTTPClientRequest) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                let response = try await client.execute(request, timeout: .nanoseconds(limits.nanoseconds))
                return Answer(
                    status: response.status.code,
                    body: try await response.body.collect(upTo: limits.maximumAnswer)
                )
            }
            group.addTask {
                try await Task.sleep(nanoseconds: UInt64(limits.nanoseconds))
                throw OpenBaoError.timedOut
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw OpenBaoError.timedOut }
            return first
        }
    }
}

extension OpenBaoError {
    /// What the client says. Its errors hold no part of a request or an answer.
    fileprivate init(exchange error: any Error) {
        switch error {
        case let error as HTTPClientError:
            let times: [HTTPClientError] = [
                .connectTimeout, .readTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout,
            ]
            self = times.contains(error) ? .timedOut : .connection(error.shortDescription)
        case is NIOTooManyBytesError: self = .tooLarge
        case let error as NIOSSLError: self = .connection("its TLS is not trusted (\(error))")
        case is HTTPParserError: self = .malformed
        default: self = .connection("\(error)")
        }
    }
}
