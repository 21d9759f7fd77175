// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import FoundationEssentials
import Glibc

/// A directory of a test's own, which goes with it.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/egress-vault-test.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var vaultPath: String { path + "/vault" }
    var keyPath: String { path + "/vault.key" }

    /// The vault of the folder, with its key file.
    func vault(patience: Double = 10) -> FileVault {
        FileVault(path: vaultPath, key: .file(keyPath), patience: patience)
    }

    func makeVault() throws -> FileVault { try FileVault.create(at: vaultPath, key: .file(keyPath)) }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path + "/" + name)))
    }

    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
        let file = path + "/" + name
        try? FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(filePath: file))
        unsafe chmod(file, mode)
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

extension FileVault {
    func set(_ name: String, _ text: String) throws -> Bool { try set(name, to: Secret(copying: Array(text.utf8))) }

    func text(_ name: String) throws -> String { try value(of: name).text }
}

extension Secret {
    var text: String { withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) } }
}
