// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files of `Fixtures/policies`.
enum Fixtures {
    static let policies = root + "/Fixtures/policies"
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func bytes(_ path: String) throws -> [UInt8] {
        try contents(policies + "/" + path)
    }

    static func contents(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw Missing(path: path) }
        defer { unsafe fclose(file) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = unsafe fread(&chunk, 1, chunk.count, file), count > 0 {
            contents += chunk.prefix(count)
        }
        return contents
    }

    static func names(in folder: String) throws -> [String] {
        guard let directory = unsafe opendir(policies + "/" + folder) else { throw Missing(path: folder) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    struct Missing: Error {
        var path: String
    }
}
