// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

/// Why a text is no set of trusted keys.
public struct TrustedKeysError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, and in which line where that can be told.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension TrustedKeys {
    /// The longest text that is read, in bytes.
    public static let maximumTextLength = 4 << 20

    /// Reads public keys from text: any number of PEM blocks ("PUBLIC KEY", RFC 8410) and of JWKs (RFC 8037), each on a line
    /// of its own, or one JWK set (RFC 7517). Empty lines and those that begin with # are passed over.
    ///
    /// What is no Ed25519 public key is an error: a set that is smaller than it looks would surprise.
    public init(parsing text: [UInt8]) throws(TrustedKeysError) {
        guard text.count <= Self.maximumTextLength else { throw TrustedKeysError("the file is too large") }
        self.init()
        if let set = try? JSONValue(parsing: text), let keys = set.object?["keys"]?.array {
            for (index, key) in keys.enumerated() { try insert(jwk: key, "key \(index + 1)") }
        } else {
            try insert(lines: text)
        }
        guard !isEmpty else { throw TrustedKeysError("there is no public key in the file") }
        guard identifiers.count <= Self.maximumCount else {
            throw TrustedKeysError("there are more than \(Self.maximumCount) keys in the file")
        }
    }

    private mutating func insert(lines text: [UInt8]) throws(TrustedKeysError) {
        var block: [UInt8]?
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let place = "line \(index + 1)"
            if line.starts(with: "-----BEGIN ".utf8) {
                guard block == nil else { throw TrustedKeysError("\(place): the PEM block above has no end") }
                block = []
            }
            if block != nil {
                block?.append(contentsOf: line + [UInt8(ascii: "\n")])
                guard line.starts(with: "-----END ".utf8) else { continue }
                try insert(pem: block ?? [], place)
                block = nil
            } else if line.first == UInt8(ascii: "{") {
                try insert(jwk: try? JSONValue(parsing: Array(line)), place)
            } else if line.first != UInt8(ascii: "#"), line.contains(where: { $0 > 0x20 }) {
                throw TrustedKeysError("\(place): this is neither PEM nor a JWK")
            }
        }
        guard block == nil else { throw TrustedKeysError("the last PEM block has no end") }
    }

    private mutating func insert(pem block: [UInt8], _ place: String) throws(TrustedKeysError) {
        if PEM.decode(block, label: "PRIVATE KEY").map({ !$0.isEmpty }) ?? true {
            throw TrustedKeysError("\(place): this is a private key, which belongs to whoever signs (give its .pub)")
        }
        let objects = PEM.decode(block, label: "PUBLIC KEY") ?? []
        guard objects.count == 1, objects[0].count == 44, objects[0].starts(with: SigningKey.publicHead),
            insert(rawKey: Array(objects[0][12...])) != nil
        else { throw TrustedKeysError("\(place): this is no Ed25519 public key in PEM") }
    }

    private mutating func insert(jwk value: JSONValue?, _ place: String) throws(TrustedKeysError) {
        guard let jwk = value?.object else { throw TrustedKeysError("\(place): this is no JWK") }
        guard jwk["d"] == nil else {
            throw TrustedKeysError("\(place): this is a private key, which belongs to whoever signs")
        }
        guard jwk["kty"]?.string == "OKP", jwk["crv"]?.string == "Ed25519",
            jwk["alg"] == nil || jwk["alg"]?.string == "EdDSA", jwk["use"] == nil || jwk["use"]?.string == "sig",
            let key = jwk["x"]?.string.flatMap({ Base64.decodeURL($0.utf8) }), insert(rawKey: key) != nil
        else { throw TrustedKeysError("\(place): this is no Ed25519 public key for signatures") }
    }
}
