// SPDX-License-Identifier: Apache-2.0

internal import CNettle
import Glibc
public import LinuxSystem

/// An Ed25519 private key (RFC 8032). Its memory is wiped when it goes.
@safe public struct SigningKey: ~Copyable {
    private let seed: UnsafeMutablePointer<UInt8>
    /// The public key's 32 bytes.
    public let publicKey: [UInt8]

    /// PKCS#8's version 0, the algorithm id-Ed25519 and the head of the 32 bytes (RFC 8410, sections 3 and 7).
    private static let privateHead: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    /// The head of a SubjectPublicKeyInfo of id-Ed25519 (RFC 8410, section 4).
    public static let publicHead: [UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]

    /// A key of its 32 bytes, which are wiped; nil unless there are so many.
    public init?(taking seed: inout [UInt8]) {
        defer { Self.wipe(&seed) }
        guard seed.count == 32 else { return nil }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 32)
        unsafe memory.initialize(from: seed, count: 32)
        unsafe self.seed = memory
        var publicKey = [UInt8](repeating: 0, count: 32)
        unsafe nettle_ed25519_sha512_public_key(&publicKey, memory)
        self.publicKey = publicKey
    }

    deinit {
        unsafe explicit_bzero(seed, 32)
        unsafe seed.deallocate()
    }

    /// A new, random key.
    public static func generate() throws(SystemError) -> SigningKey {
        var seed = try randomBytes(32)
        guard let key = SigningKey(taking: &seed) else { throw SystemError("making a key", code: EIO) }
        return key
    }

    /// The key of a PEM text with one "PRIVATE KEY" of id-Ed25519, as keygen and `openssl genpkey` write it; the text is
    /// wiped. Nil if it is none.
    public init?(pem text: inout [UInt8]) {
        defer { Self.wipe(&text) }
        guard var objects = PEM.decode(text, label: "PRIVATE KEY"), objects.count == 1 else { return nil }
        defer { Self.wipe(&objects[0]) }
        guard objects[0].count == 48, objects[0].starts(with: Self.privateHead) else { return nil }
        var seed = Array(objects[0][16...])
        self.init(taking: &seed)
    }

    /// The private key as PEM.
    public var privatePEM: [UInt8] {
        let seed = unsafe Array(UnsafeBufferPointer(start: seed, count: 32))
        return PEM.encode(Self.privateHead + seed, label: "PRIVATE KEY")
    }

    /// The public key as PEM.
    public var publicPEM: [UInt8] { PEM.encode(Self.publicHead + publicKey, label: "PUBLIC KEY") }

    /// The thumbprint of the public key as JWK (RFC 7638, section 3; the members are those of RFC 8037, section 2).
    public var identifier: String {
        let x = String(decoding: Base64.encodeURL(publicKey), as: UTF8.self)
        let digest = SHA256.digest(of: Array(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8))
        return String(decoding: Base64.encodeURL(digest.bytes), as: UTF8.self)
    }

    /// The 64 bytes of the signature over a message.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        unsafe nettle_ed25519_sha512_sign(publicKey, seed, message.count, message, &signature)
        return signature
    }

    /// HMAC-SHA256 (RFC 2104) over a message: what we keep for ourselves where others can write. Ed25519 hashes its seed with
    /// SHA-512 only, so neither says anything of the other.
    func authenticate(_ message: [UInt8]) -> [UInt8] {
        var context = hmac_sha256_ctx()
        var code = [UInt8](repeating: 0, count: 32)
        unsafe nettle_hmac_sha256_set_key(&context, 32, seed)
        unsafe nettle_hmac_sha256_update(&context, message.count, message)
        unsafe nettle_hmac_sha256_digest(&context, code.count, &code)
        return code
    }

    private static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
        }
    }
}

/// Up to 256 bytes of getrandom(2).
public func randomBytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // getentropy(3): up to 256 bytes.
    guard unsafe getentropy(&bytes, count) == 0 else { throw SystemError("asking for random bytes") }
    return bytes
}
