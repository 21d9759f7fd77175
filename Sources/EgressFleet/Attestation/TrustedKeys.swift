// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressEvidence
import FoundationEssentials

/// Ed25519 public keys whose statements are believed, by their identifier: the thumbprint of RFC 7638.
public struct TrustedKeys: Sendable {
    private var keys: [String: Curve25519.Signing.PublicKey] = [:]

    /// The most keys that are read from one text.
    public static let maximumCount = 10_000

    /// No key: nothing is believed.
    public init() {}

    /// The identifiers, sorted.
    public var identifiers: [String] { keys.keys.sorted() }

    /// Whether there is none.
    public var isEmpty: Bool { keys.isEmpty }

    /// Adds a key of 32 bytes (RFC 8032, section 5.1.5). Returns its identifier; nil if it is no key.
    @discardableResult
    public mutating func insert(rawKey: [UInt8]) -> String? {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: rawKey) else { return nil }
        let identifier = Self.identifier(ofRawKey: rawKey)
        keys[identifier] = key
        return identifier
    }

    /// Removes a key. Returns whether it was there.
    @discardableResult
    public mutating func remove(_ identifier: String) -> Bool {
        keys.removeValue(forKey: identifier) != nil
    }

    /// The thumbprint of a key as JWK (RFC 7638, section 3, with the members that RFC 8037, section 2, requires).
    public static func identifier(ofRawKey key: [UInt8]) -> String {
        let x = String(decoding: Base64.encodeURL(key), as: UTF8.self)
        let digest = SHA256.hash(data: Array(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8))
        return String(decoding: Base64.encodeURL(Array(digest)), as: UTF8.self)
    }

    /// Whether the key of this identifier made a signature over `message`; nil if there is no such key.
    func isValid(_ signature: [UInt8], by identifier: String, over message: some Sequence<UInt8>) -> Bool? {
        keys[identifier]?.isValidSignature(signature, for: Array(message))
    }
}
