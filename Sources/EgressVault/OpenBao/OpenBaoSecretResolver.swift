// SPDX-License-Identifier: Apache-2.0

public import EgressRequests
import FoundationEssentials
import LinuxSystem
import NIOCore
import Synchronization

/// Gets secrets from the KV secrets engine (version 2) of an OpenBao or HashiCorp Vault server, by its HTTP API.
///
/// `vault:PATH#FIELD` is field FIELD of the secret at PATH; without `#FIELD` the secret must have exactly one. The token is read from
/// its file for each secret, and renewed when less than half of its time is left.
///
/// Unlike those of ``FileVault``, values and the token pass through the memory of HTTP and TLS libraries, which isn't overwritten.
public final class OpenBaoSecretResolver: SecretResolver {
    private let server: OpenBaoServer
    private let limits: OpenBaoLimits
    /// When the token is to be looked at again, by the monotonic clock, in nanoseconds.
    private let nextCheck = Mutex<UInt64>(0)

    /// A resolver that has not connected yet.
    public init(_ server: OpenBaoServer, limits: OpenBaoLimits = OpenBaoLimits()) {
        self.server = server
        self.limits = limits
    }

    /// The value that a reference names now.
    public func resolve(_ reference: SecretReference) async throws(SecretResolverError) -> Secret {
        do {
            return try await read(reference)
        } catch {
            throw error.resolving(reference)
        }
    }

    /// The value that a reference names now, with the exact reason if there is none.
    public func read(_ reference: SecretReference) async throws(OpenBaoError) -> Secret {
        let text = try await exchange { exchange async throws(OpenBaoError) in
            try await self.renewIfDue(exchange)
            return try await Self.field(reference, exchange)
        }
        var bytes = Array(text.utf8)
        let secret = Secret(copying: bytes)
        unsafe bytes.withUnsafeMutableBytes { unsafe WipedBytes.overwrite($0) }
        guard secret.count > 0 else { throw .notText }
        return secret
    }

    /// Looks at the token, and renews it if less than half of its time is left.
    ///
    /// - Returns: how long it is good for, in seconds; nil if it never ends
    /// - Throws: ``OpenBaoError/tokenRefused`` if the server does not accept it
    public func checkToken() async throws(OpenBaoError) -> Int? {
        try await exchange { exchange async throws(OpenBaoError) in try await Self.renew(exchange) }
    }

    private func exchange<Result: Sendable>(
        _ body: @Sendable (OpenBaoExchange) async throws(OpenBaoError) -> Result
    ) async throws(OpenBaoError) -> Result {
        try await OpenBaoExchange.with(server, token: try token(), limits: limits, body)
    }

    private func token() throws(OpenBaoError) -> String {
        let text: String
        do {
            text = try SecretInput.read(fromFile: server.tokenFile).withBytes { bytes in
                String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
            }
        } catch {
            throw .tokenFile(error.description)
        }
        // It becomes the value of a header.
        guard text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .tokenFile("the file holds something else than one token")
        }
        return text
    }

    private func renewIfDue(_ exchange: OpenBaoExchange) async throws(OpenBaoError) {
        let now = monotonicNow()
        guard nextCheck.withLock({ $0 <= now }) else { return }
        do {
            let left = try await Self.renew(exchange)
            nextCheck.withLock { $0 = left.map { now + UInt64(max(1, $0 / 4)) * 1_000_000_000 } ?? .max }
        } catch .tokenRefused {
            // A token's policies may keep it from looking at itself. Whether it is good, the request that follows shows.
        } catch .status {
            // So does this: that a token can't be renewed is no failure while it is good.
        }
    }

    private static func renew(_ exchange: OpenBaoExchange) async throws(OpenBaoError) -> Int? {
        let answer = try await exchange.get("auth/token/lookup-self")
        try checkStatus(answer, of: exchange)
        let token = try decode(OpenBaoAnswer.Token.self, answer).data
        if token.ttl <= 0 { return nil }
        let whole = max(token.period ?? 0, token.creationTTL ?? 0)
        guard token.renewable == true, token.ttl < (whole + 1) / 2 else { return token.ttl }
        let renewal = try await exchange.post("auth/token/renew-self")
        try checkStatus(renewal, of: exchange)
        return try decode(OpenBaoAnswer.Renewal.self, renewal).auth.leaseDuration
    }

    private static func field(
        _ reference: SecretReference,
        _ exchange: OpenBaoExchange
    ) async throws(OpenBaoError) -> String {
        let answer = try await exchange.get("\(exchange.server.mount)/data/\(reference.name)")
        if answer.status == 404 {
            // The API tells a deleted version from no secret by the metadata that it sends.
            throw (try? decode(OpenBaoAnswer.Version.self, answer))?.isDeleted == true ? .deleted : .notFound
        }
        if answer.status == 403 {
            // It answers so to a bad token and to a good one without the right; looking the token up tells which it is.
            throw try await exchange.get("auth/token/lookup-self").status == 403 ? .tokenRefused : .denied
        }
        try checkStatus(answer, of: exchange)
        let version = try decode(OpenBaoAnswer.Version.self, answer)
        if version.isDeleted { throw .deleted }
        guard let fields = version.data?.data else { throw .malformed }
        let field: OpenBaoAnswer.Field
        if let name = reference.field {
            guard let named = fields[name] else { throw .noField }
            field = named
        } else {
            guard fields.count == 1, let only = fields.values.first else { throw .fieldNeeded }
            field = only
        }
        guard case .text(let text) = field else { throw .notText }
        return text
    }

    private static func checkStatus(_ answer: OpenBaoExchange.Answer, of exchange: OpenBaoExchange) throws(OpenBaoError)
    {
        switch answer.status {
        case 200: return
        case 403: throw .tokenRefused
        case 503: throw .sealed
        default: throw .status(answer.status)
        }
    }

    private static func decode<Answer: Decodable>(
        _: Answer.Type,
        _ answer: OpenBaoExchange.Answer
    ) throws(OpenBaoError) -> Answer {
        var body = answer.body
        let bytes = body.readBytes(length: body.readableBytes) ?? []
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            // Not in the message: it can quote the text.
            throw .malformed
        }
    }
}
