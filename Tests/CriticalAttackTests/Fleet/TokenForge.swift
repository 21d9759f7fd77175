// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressFleet
import Foundation

/// Makes the statements of a well-held worker, with one thing changed.
struct TokenForge: Sendable {
    static let workerID = "worker-7"
    /// Every digest of the well-held worker.
    static let digest = "sha256:" + String(repeating: "a", count: 64)
    /// The challenge, where nobody gave out another one.
    static let nonce = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

    /// The moment from which all others are counted.
    let now = Int64(Date().timeIntervalSince1970)
    private let key = Curve25519.Signing.PrivateKey()
    private let strangersKey = Curve25519.Signing.PrivateKey()

    /// The key that is trusted.
    var trust: TrustedKeys {
        var keys = TrustedKeys()
        keys.insert(rawKey: Array(key.publicKey.rawRepresentation))
        return keys
    }

    /// The same as a file (RFC 8410).
    var publicPEM: String {
        let head: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
        let text = Data(head + Array(key.publicKey.rawRepresentation)).base64EncodedString()
        return "-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----\n"
    }

    /// A token, changed as the input says.
    func token(_ input: AttestationInput, nonce: String, identifier: String = "statement-1") throws -> String {
        let signer = input.signature == .stranger ? strangersKey : key
        let header = try Self.encode(Self.header(input, keyID: Self.identifier(signer)))
        let payload = try payload(input, nonce: nonce, identifier: identifier)
        let signed = header + "." + payload
        switch input.signature ?? .trusted {
        case .trusted, .stranger: return signed + "." + Self.encode(try sign(signed, signer))
        case .strangerAsTrusted: return signed + "." + Self.encode(try sign(signed, strangersKey))
        case .empty: return signed + "."
        case .absent: return signed
        case .padded: return signed + "." + Self.encode(try sign(signed, key)) + "=="
        case .corrupt:
            var signature = try sign(signed, key)
            signature[10] ^= 1
            return signed + "." + Self.encode(signature)
        case .ofAnother:
            let other = try self.payload(input, nonce: nonce, identifier: "statement-2")
            return signed + "." + Self.encode(try sign(header + "." + other, key))
        case .hmac:
            let secret = SymmetricKey(data: key.publicKey.rawRepresentation)
            let code = HMAC<SHA256>.authenticationCode(for: Array(signed.utf8), using: secret)
            return signed + "." + Self.encode(Array(code))
        }
    }

    private func payload(_ input: AttestationInput, nonce: String, identifier: String) throws -> String {
        var claims = try JSONDecoder().decode(JSONTree.self, from: Data(Self.statement.utf8))
        claims.set(["iat"], to: .integer(now + (input.issued ?? 0)))
        claims.set(["exp"], to: .integer(now + (input.expires ?? 600)))
        claims.set(["eat_nonce"], to: .string(nonce))
        claims.set(["jti"], to: .string(identifier))
        for (path, value) in input.set ?? [:] { claims.set(Self.names(path), to: value) }
        for (path, offset) in input.setOffset ?? [:] { claims.set(Self.names(path), to: .integer(now + offset)) }
        for path in input.remove ?? [] { claims.set(Self.names(path), to: nil) }
        var text = String(decoding: try JSONEncoder().encode(claims), as: UTF8.self)
        for (name, value) in input.duplicate ?? [:] {
            let value = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
            text = "{\"\(name)\":\(value)," + text.dropFirst()
        }
        return Self.encode(Array(text.utf8))
    }

    private static func header(_ input: AttestationInput, keyID: String) -> JSONTree {
        var header = JSONTree.object(["alg": .string("EdDSA"), "typ": .string("eat+jwt"), "kid": .string(keyID)])
        for (name, value) in input.header ?? [:] { header.set([name], to: value == .null ? nil : value) }
        return header
    }

    private static func identifier(_ key: Curve25519.Signing.PrivateKey) -> String {
        TrustedKeys.identifier(ofRawKey: Array(key.publicKey.rawRepresentation))
    }

    private static func names(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }

    private func sign(_ text: String, _ key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
        Array(try key.signature(for: Array(text.utf8)))
    }

    private static func encode(_ tree: JSONTree) throws -> String { encode(Array(try JSONEncoder().encode(tree))) }

    /// base64url without padding (RFC 4648, section 5).
    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
