// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Answers every request: finds its operation, checks its token, counts it, reads its body, and turns whatever is refused into an
/// answer.
///
/// What is dear comes after what is cheap: no body is read and no store is asked for a caller without a token.
struct FleetResponder: HTTPResponder {
    /// The largest body, in bytes: an attestation of the greatest length, and the words around it.
    static let maximumBody = 32 << 10

    let api: FleetAPI
    let page: FleetPage
    let tokens: AccessTokens
    /// For callers with a token.
    let limiter: RateLimiter
    /// For callers without one, and for attempts to log in.
    let strangers: RateLimiter

    func respond(to request: Request, context: FleetContext) async throws -> Response {
        do {
            return try await answer(request, context)
        } catch let error as ServiceError {
            return .error(error)
        } catch let error as FleetError {
            if case .store(let text) = error { context.logger.error("store: \(text)") }
            return .error(ServiceError(error))
        } catch let error as NIOTooManyBytesError {
            context.logger.debug("body: \(error)")
            return .error(.tooLarge)
        }
    }

    private func answer(_ request: Request, _ context: FleetContext) async throws -> Response {
        guard let segments = Self.segments(request.uri.path) else { throw ServiceError.notFound }
        guard segments.first == "v1" else { return try await page.respond(request, segments, context, self) }
        let matches = FleetRoute.all.compactMap { route in route.match(segments).map { (route, $0) } }
        guard !matches.isEmpty else { throw ServiceError.notFound }
        guard let (route, workerID) = matches.first(where: { $0.0.method == request.method.rawValue }) else {
            throw Self.wrongMethod(matches.map(\.0.method))
        }
        try authorize(request, route, context)
        var call = FleetCall(workerID: workerID)
        call.query = try FleetCall.query(request.uri.query, known: route.query)
        if route.method == "POST" { call.body = try await Self.body(request, type: "application/json") }
        return try await route.handle(api, call)
    }

    private func authorize(_ request: Request, _ route: FleetRoute, _ context: FleetContext) throws(ServiceError) {
        guard let role = route.role else { return }
        guard let header = request.headers[.authorization], let found = tokens.find(Self.bearer(header)) else {
            try admitStranger(context)
            throw .unauthorized
        }
        if let seconds = limiter.admit(.init(token: found.index, address: context.callerAddress)) {
            throw .tooMany(seconds)
        }
        guard found.role == role else { throw .forbidden(role) }
    }

    /// Counts an attempt without a good token.
    func admitStranger(_ context: FleetContext) throws(ServiceError) {
        if let seconds = strangers.admit(.init(token: -1, address: context.callerAddress)) { throw .tooMany(seconds) }
    }

    /// What stands after `Bearer`, whose case does not matter (RFC 9110, section 11.1).
    private static func bearer(_ header: String) -> [UInt8] {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return [] }
        return Array(parts[1].utf8)
    }

    static func wrongMethod(_ allowed: [String]) -> ServiceError {
        let list = allowed.joined(separator: ", ")
        return ServiceError(
            status: .methodNotAllowed,
            reason: "method_not_allowed",
            message: "this can be done by \(list)",
            headers: [.allow: list]
        )
    }

    /// The whole body, which has to be of a type unless it is empty.
    static func body(_ request: Request, type: String) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumBody {
            throw ServiceError.tooLarge
        }
        let bytes = Array(buffer: try await request.body.collect(upTo: maximumBody))
        let found = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard bytes.isEmpty || found?.trimmed == type else {
            throw ServiceError(
                status: .unsupportedMediaType,
                reason: "unsupported_media_type",
                message: "send 'Content-Type: \(type)'"
            )
        }
        return bytes
    }

    /// The segments of an absolute path, decoded after they were split, so that `%2F` parts nothing.
    static func segments(_ path: String) -> [String]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decode(part) else { return nil }
            segments.append(segment)
        }
        return segments
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
