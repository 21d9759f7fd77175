// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The readable beginning of a vault file.
///
/// All of it is authenticated together with what is encrypted. Integers have their most significant byte first.
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 8 | `EGRVAULT` |
/// | 8 | 1 | version, 1 |
/// | 9 | 1 | where the key is from: 1 a key file, 2 a passphrase by scrypt |
/// | 10 | 1 | scrypt: logarithm of N, to base 2; 0 with a key file |
/// | 11 | 1 | scrypt: r; 0 with a key file |
/// | 12 | 1 | scrypt: p; 0 with a key file |
/// | 13 | 3 | zero |
/// | 16 | 32 | salt, new with each key |
/// | 48 | 16 | which key it is, from which nothing follows about the key |
/// | 64 | 8 | how often the vault was written |
/// | 72 | 8 | how many bytes follow the header |
/// | 80 | 12 | nonce of ChaCha20-Poly1305 (RFC 8439), new with each write |
/// | 92 | 16 | the first half of the SHA-256 of the bytes before it: tells damage from a wrong key |
struct VaultHeader: Equatable, Sendable {
    static let size = 108
    static let magic = Array("EGRVAULT".utf8)
    static let version: UInt8 = 1
    static let saltSize = 32
    static let keyIDSize = 16
    static let nonceSize = 12
    static let tagSize = 16

    /// The most that may follow the header.
    static let maximumBody = 16 << 20

    private static let checkedSize = size - 16

    /// Where the key comes from.
    enum Origin: Hashable, Sendable {
        case keyFile
        case passphrase(ScryptParameters)
    }

    var origin: Origin
    var salt: [UInt8]
    var keyID: [UInt8]
    var generation: UInt64
    var bodySize: Int
    var nonce: [UInt8]

    /// The header as it stands in the file.
    var bytes: [UInt8] {
        var bytes = Self.magic + [Self.version]
        switch origin {
        case .keyFile: bytes += [1, 0, 0, 0]
        case .passphrase(let cost):
            bytes += [2, cost.logarithmOfCost, UInt8(ScryptParameters.blockSize), cost.parallelization]
        }
        bytes += [0, 0, 0]
        bytes += salt
        bytes += keyID
        bytes += Self.bigEndian(generation)
        bytes += Self.bigEndian(UInt64(bodySize))
        bytes += nonce
        return Self.withChecksum(bytes)
    }

    /// Reads the header at the beginning of a file.
    ///
    /// - Returns: the header of a file that has the length it says
    /// - Throws: what a file that is no vault of this version, or a torn one, is refused with
    init(readingFrom file: [UInt8]) throws(VaultDamage) {
        guard file.starts(with: Self.magic) else { throw .notAVault }
        guard file.count > Self.magic.count else { throw .truncated }
        guard file[8] == Self.version else { throw .unknownVersion(file[8]) }
        guard file.count >= Self.size else { throw .truncated }
        guard Array(file[Self.checkedSize..<Self.size]) == Self.checksum(file[..<Self.checkedSize]) else {
            throw .changed
        }
        switch (file[9], file[10], file[11], file[12]) {
        case (1, 0, 0, 0): origin = .keyFile
        case (2, let cost, UInt8(ScryptParameters.blockSize), let parallelization):
            guard let cost = ScryptParameters(checking: cost, parallelization) else { throw .excessiveParameters }
            origin = .passphrase(cost)
        case (2, _, _, _): throw .excessiveParameters
        default: throw .changed
        }
        guard file[13] == 0, file[14] == 0, file[15] == 0 else { throw .changed }
        salt = Array(file[16..<48])
        keyID = Array(file[48..<64])
        generation = Self.integer(file[64..<72])
        let bodySize = Self.integer(file[72..<80])
        guard bodySize >= UInt64(Self.tagSize), bodySize <= UInt64(Self.maximumBody) else { throw .changed }
        self.bodySize = Int(bodySize)
        nonce = Array(file[80..<92])
        let rest = file.count - Self.size
        if rest < self.bodySize { throw .truncated }
        if rest > self.bodySize { throw .changed }
    }

    init(origin: Origin, salt: [UInt8], keyID: [UInt8], generation: UInt64, bodySize: Int, nonce: [UInt8]) {
        self.origin = origin
        self.salt = salt
        self.keyID = keyID
        self.generation = generation
        self.bodySize = bodySize
        self.nonce = nonce
    }

    /// All of a header but its checksum, and that.
    static func withChecksum(_ bytes: [UInt8]) -> [UInt8] { bytes + checksum(bytes) }

    private static func checksum(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(bytes)).prefix(size - checkedSize))
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
