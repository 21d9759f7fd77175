// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressEvidence

struct LauncherMeasurementTests {
    private let folder = Folder()

    /// A file whose last change is long enough ago to be told from another.
    private func executable() throws -> String {
        let path = folder.write("program", String(repeating: "x", count: 300_000))
        sleep(4)
        return path
    }

    @Test func `what is kept is taken only for the same file and from our own key`() throws {
        let (path, cache) = (try executable(), folder.path + "/cache")
        let key = try SigningKey.generate(), other = try SigningKey.generate()
        let digest = SHA256.digest(of: Array(String(repeating: "x", count: 300_000).utf8))
        #expect(try LauncherMeasurement(path, cache: cache).finish(key).digest == digest)
        let line = try #require(text(of: cache))
        #expect(line.contains(digest.hexadecimal))
        #expect(try LauncherMeasurement(path, cache: cache).finish(key).digest == digest)

        // Another digest in its place: with our code for the first, and signed by another key.
        let forged = line.replacing(digest.hexadecimal, with: String(repeating: "0", count: 64))
        _ = folder.write("cache", forged)
        #expect(try LauncherMeasurement(path, cache: cache).finish(key).digest == digest)
        #expect(text(of: cache) == line, "and it is put right")
        #expect(try LauncherMeasurement(path, cache: cache).finish(other).digest == digest)
        #expect(text(of: cache) != line)

        // Changed, of the same size, and with its old time of modification.
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        _ = folder.write("program", String(repeating: "y", count: 300_000))
        var times = [status.st_atim, status.st_mtim]
        #expect(unsafe utimensat(AT_FDCWD, path, &times, 0) == 0)
        let changed = SHA256.digest(of: Array(String(repeating: "y", count: 300_000).utf8))
        #expect(try LauncherMeasurement(path, cache: cache).finish(other).digest == changed)
    }

    @Test func `a file that was just changed is not kept`() throws {
        let path = folder.write("program", "x")
        _ = try LauncherMeasurement(path, cache: folder.path + "/cache").finish(SigningKey.generate())
        #expect(folder.names == ["program"])
    }

    @Test func `a place that can't be written costs nothing but time`() throws {
        let measured = try LauncherMeasurement("/bin/true", cache: "/proc/none").finish(SigningKey.generate())
        #expect(measured.digest == (try FileMeasurement("/bin/true").digest))
    }
}
