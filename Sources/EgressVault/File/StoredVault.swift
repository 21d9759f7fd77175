// SPDX-License-Identifier: Apache-2.0

/// The file of a vault as it was read, still encrypted.
struct StoredVault {
    let header: VaultHeader
    private let bytes: [UInt8]
    private let path: String

    /// Reads the file that a directory was opened for.
    init(in directory: borrowing PrivateDirectory) throws(VaultError) {
        path = directory.path(directory.name)
        let limit = VaultHeader.size + VaultHeader.maximumBody
        guard let file = try directory.read(directory.name, limit: limit) else { throw .noVault(path) }
        bytes = unsafe file.withBytes { unsafe Array($0) }
        do {
            header = try VaultHeader(readingFrom: bytes)
        } catch {
            throw .damaged(path, error)
        }
    }

    func open(with cipher: VaultCipher) throws(VaultError) -> VaultContent {
        do {
            return try cipher.open(bytes, header)
        } catch {
            throw .damaged(path, error)
        }
    }
}
