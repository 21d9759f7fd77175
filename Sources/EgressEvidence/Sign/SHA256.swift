// SPDX-License-Identifier: Apache-2.0

internal import CNettle

/// A running SHA-256 (FIPS 180-4), by nettle, which uses the processor's SHA instructions where it has them.
public struct SHA256: Sendable {
    private var context = sha256_ctx()

    /// The hash of nothing so far.
    public init() {
        unsafe nettle_sha256_init(&context)
    }

    /// Takes more bytes.
    public mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Takes more bytes.
    public mutating func update(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Takes more bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe nettle_sha256_update(&context, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }

    /// The digest of all bytes so far; more may follow.
    public var digest: Digest {
        var copy = context
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe nettle_sha256_digest(&copy, bytes.count, &bytes)
        return Digest(sha256: bytes)
    }

    /// The digest of some bytes.
    public static func digest(of bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.digest
    }
}
