// SPDX-License-Identifier: Apache-2.0

import Crypto
public import EgressFleet
import FoundationEssentials

/// Signs statements as `egress-run --attest` writes them, without running anything.
public struct StatementSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    /// The identifier of its key.
    public let keyID: String

    /// A signer with a new key.
    public init() {
        self.init(Curve25519.Signing.PrivateKey())
    }

    /// A signer with a key of 32 bytes; nil if it is none.
    public init?(privateKey bytes: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else { return nil }
        self.init(key)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        keyID = TrustedKeys.identifier(ofRawKey: Array(key.publicKey.rawRepresentation))
    }

    /// The key, to be believed.
    public var trust: TrustedKeys {
        var keys = TrustedKeys()
        keys.insert(rawKey: publicKey)
        return keys
    }

    /// The 32 bytes of the public key.
    public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// The 32 bytes of the private key.
    public var privateKey: [UInt8] { Array(key.rawRepresentation) }

    /// A token of these claims.
    public func token(_ statement: Statement) throws -> String {
        let header = #"{"alg":"EdDSA","typ":"eat+jwt","kid":"\#(keyID)"}"#
        let signed = Self.encode(Array(header.utf8)) + "." + Self.encode(Array(try statement.json().utf8))
        return signed + "." + Self.encode(Array(try key.signature(for: Array(signed.utf8))))
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString()
        return String(text.compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }
}

/// What a token shall say. All of it is as a well-held worker's, unless it is changed.
public struct Statement: Sendable {
    /// The worker.
    public var workerID: String
    /// `jti`.
    public var tokenID: String
    /// `eat_nonce`.
    public var nonce: String?
    /// Seconds since 1970.
    public var issuedAt: Int64
    /// Seconds since 1970.
    public var expiresAt: Int64
    /// `netns` or `preload`.
    public var isolation = "netns"
    /// Whether what was measured shows that all traffic is held.
    public var isHeld = true
    /// The digit that the digests of policy, launcher and executable are made of.
    public var digit: Character = "a"

    /// A statement issued at a moment, for ten minutes.
    public init(workerID: String, at seconds: Int64, nonce: String? = nil, tokenID: String? = nil) {
        self.workerID = workerID
        self.nonce = nonce
        self.tokenID = tokenID ?? SecureRandom.bytes(16).map { String($0, radix: 16) }.joined(separator: "-")
        issuedAt = seconds
        expiresAt = seconds + 600
    }

    func json() throws -> String {
        let digest = "sha256:" + String(repeating: digit, count: 64)
        let zeros = String(repeating: "0", count: 16)
        let worker = #"{"net":\#(isHeld ? 1 : 11),"pid":2,"mnt":3,"ipc":4,"uts":5,"user":6}"#
        let nonce = self.nonce.map { #""eat_nonce":"\#($0)","# } ?? ""
        return """
            {"eat_profile":"urn:uuid:ba4da217-4852-4823-8039-d12de5c811ac","iss":"egress-run","sub":\(try Self.quote(workerID)),
            "jti":"\(tokenID)","iat":\(issuedAt),"exp":\(expiresAt),\(nonce)"swname":"egress-run","swversion":["1.0.0"],
            "egress_run":{"statement":"start","isolation":"\(isolation)","policy":"\(digest)","launcher":"\(digest)",
            "executable":{"path":"/usr/bin/worker","digest":"\(digest)"},
            "kernel":{"release":"6.18.0","machine":"x86_64"},
            "namespaces":{"worker":\(worker),"relay":{"net":7},
            "host":{"net":11,"pid":12,"mnt":13,"ipc":14,"uts":15,"user":16}},
            "relay_links":[{"index":1,"name":"lo","kind":"loopback","up":true},
            {"index":2,"name":"r","kind":"veth","up":true,"peer":"worker"}],
            "worker_links":[{"index":1,"name":"lo","kind":"loopback","up":true},
            {"index":2,"name":"w","kind":"veth","up":true,"peer":"relay"}],
            "seccomp":{"mode":2,"filters":1,"host_filters":0,"digest":"\(digest)"},"no_new_privs":true,
            "capabilities":{"inheritable":"\(zeros)","permitted":"\(zeros)","effective":"\(zeros)","bounding":"\(zeros)",
            "ambient":"\(zeros)"}}}
            """
    }

    private static func quote(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }
}
