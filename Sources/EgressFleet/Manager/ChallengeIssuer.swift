// SPDX-License-Identifier: Apache-2.0

import Crypto
public import EgressAudit
import FoundationEssentials

/// Gives out nonces and knows them again, without remembering any: asking for many fills nothing.
///
/// A nonce is the base64url of its expiry (8 bytes), 16 random bytes, and the first 16 bytes of an HMAC-SHA-256 over both. That it
/// is used once only is for the store to see to.
public struct ChallengeIssuer: Sendable {
    private let key: SymmetricKey

    /// An issuer that knows the nonces of every issuer with the same key.
    ///
    /// - Parameter key: 32 random bytes. Several servers of one fleet share them; one that makes its own refuses the nonces
    ///   of its last run, and workers ask for new ones.
    public init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    /// An issuer with a key of its own.
    public init() {
        key = SymmetricKey(size: .bits256)
    }

    /// A new nonce: 54 characters of A-Z a-z 0-9 - _.
    public func issue(expires: Timestamp) -> String {
        var body = (0..<8).map { UInt8(truncatingIfNeeded: expires.milliseconds >> (56 - 8 * UInt64($0))) }
        body += SecureRandom.bytes(16)
        return Self.encode(body + code(of: body))
    }

    /// When a nonce of this issuer expires; nil for any other text.
    public func expiry(of nonce: String) -> Timestamp? {
        guard nonce.utf8.count == 54, let bytes = Self.decode(nonce), bytes.count == 40,
            // One spelling only: the last character has bits that decoding drops.
            Self.encode(bytes) == nonce, SecureRandom.isEqual(code(of: bytes.prefix(24)), bytes.suffix(16))
        else { return nil }
        return Timestamp(milliseconds: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    private func code(of body: some Sequence<UInt8>) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(body), using: key).prefix(16))
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString()
        return String(text.compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }

    private static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") }) else { return nil }
        let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: standard + padding).map(Array.init)
    }
}

/// What needs chance, or must not tell by its time.
public enum SecureRandom {
    /// Bytes of the system's generator.
    public static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Whether two texts are the same, in a time that only their lengths decide.
    public static func isEqual(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
