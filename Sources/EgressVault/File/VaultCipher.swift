// SPDX-License-Identifier: Apache-2.0

import Crypto
import CryptoExtras
import EgressRequests
import FoundationEssentials
import Glibc
import LinuxSystem

/// The keys of one vault, and what is done with them.
///
/// The master key is a key file's 32 bytes, or scrypt (RFC 7914) of a passphrase. From it and the header's salt, HKDF-SHA256 (RFC
/// 5869) derives the key of ChaCha20-Poly1305 (RFC 8439), and the id that tells which key a vault has.
struct VaultCipher: Sendable {
    let keyID: [UInt8]
    private let key: SymmetricKey

    init(master: SymmetricKey, salt: [UInt8]) {
        func derive(_ purpose: String, _ size: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: master,
                salt: salt,
                info: Array("egress vault 1 \(purpose)".utf8),
                outputByteCount: size
            )
        }
        key = derive("encryption", 32)
        // A cipher whose tag several keys can open is not what tells keys apart: this is.
        keyID = unsafe derive("key id", VaultHeader.keyIDSize).withUnsafeBytes { unsafe Array($0) }
    }

    /// Nil if this master key is not the one of a header.
    init?(master: SymmetricKey, for header: VaultHeader) {
        self.init(master: master, salt: header.salt)
        guard keyID == header.keyID else { return nil }
    }

    /// The master key of a passphrase.
    static func master(
        passphrase: borrowing Secret,
        salt: [UInt8],
        cost: ScryptParameters
    ) throws(VaultError) -> SymmetricKey {
        try passphrase.withBytes { bytes throws(VaultError) in
            try unsafe bytes.withUnsafeBytes { bytes throws(VaultError) in
                do {
                    return try unsafe KDF.Scrypt.deriveKey(
                        from: bytes,
                        salt: salt,
                        outputByteCount: 32,
                        rounds: 1 << Int(cost.logarithmOfCost),
                        blockSize: ScryptParameters.blockSize,
                        parallelism: Int(cost.parallelization)
                    )
                } catch {
                    // With parameters that were checked, only memory can be missing.
                    throw .system(SystemError("deriving the key", code: ENOMEM))
                }
            }
        }
    }

    /// The whole file for a content.
    func seal(_ content: borrowing WipedBytes, _ header: VaultHeader) throws(VaultError) -> WipedBytes {
        let nonce = ChaChaPoly.Nonce()
        var header = header
        header.keyID = keyID
        header.nonce = Array(nonce)
        header.bodySize = content.count + VaultHeader.tagSize
        let beginning = header.bytes
        let box = unsafe content.withBytes { bytes in
            try? unsafe ChaChaPoly.seal(bytes, using: key, nonce: nonce, authenticating: beginning)
        }
        guard let box else { throw .full }
        var file = WipedBytes(capacity: beginning.count + header.bodySize)
        file.append(beginning)
        file.append(box.ciphertext)
        file.append(box.tag)
        return file
    }

    /// What a file holds. Its header has been read from it.
    func open(_ file: [UInt8], _ header: VaultHeader) throws(VaultDamage) -> VaultContent {
        let beginning = file[..<VaultHeader.size]
        let box = try? ChaChaPoly.SealedBox(combined: header.nonce + file[VaultHeader.size...])
        guard let box, var data = try? ChaChaPoly.open(box, using: key, authenticating: beginning) else {
            throw .changed
        }
        // `data` is the only owner of its bytes, so this is where they are, and no copy.
        var bytes = WipedBytes(capacity: data.count)
        unsafe data.withUnsafeMutableBytes { room in
            unsafe bytes.append(UnsafeRawBufferPointer(room))
            unsafe WipedBytes.overwrite(room)
        }
        return try VaultContent(decoding: bytes)
    }
}
