// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import FleetSupport
import Glibc
import TestSupport
import Testing

struct KilledWriterTests {
    @Test(arguments: [150, 400, 700])
    func `kill -9 loses nothing that was acknowledged`(milliseconds: UInt32) async throws {
        let folder = ScratchFolder()
        let path = folder.path + "/fleet.db"
        let writer = try Program(["\(TestBinaries.folder)/fleet-writer", path])
        // Counted from the first acknowledgement, so that a slow start does not make the test vacuous.
        var lines = writer.lines(count: 1)
        usleep(milliseconds * 1000)
        writer.kill()
        lines += writer.remainingLines()

        // The last line may be cut off where the process was.
        var acknowledged: [String: Int64] = [:]
        for line in lines.dropLast() {
            let words = line.split(separator: " ")
            guard words.count == 2, let version = Int64(words[1]) else { continue }
            acknowledged[String(words[0])] = version
        }
        #expect(acknowledged.count > 5)
        let store = try SQLiteWorkerStore(path: path)
        for (id, version) in acknowledged {
            let found = try await store.worker(id)?.version ?? 0
            #expect(found >= version, "\(id) was acknowledged at \(version)")
            // What was written and not acknowledged is one step at most.
            #expect(found <= version + 1, "\(id)")
        }
        // The history has the registration of every worker that is there, and no other.
        let counts = try await store.counts().values.reduce(0, +)
        #expect(try await store.events(EventQuery(limit: 20_000)).count == min(counts, 10_000))
    }
}

/// Where the built test programs lie.
enum TestBinaries {
    static var folder: String {
        let path = CommandLine.arguments.first ?? ""
        // The test bundle is run from the folder of products, or lies in it.
        for candidate in [Self.parent(path), "\(Fixtures.checkout)/.build/debug"] {
            if unsafe access(candidate + "/fleet-writer", X_OK) == 0 { return candidate }
        }
        return "\(Fixtures.checkout)/.build/debug"
    }

    private static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

/// A program whose output is read while it runs.
final class Program {
    private let pid: pid_t
    private let output: Int32
    private var buffer: [UInt8] = []

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SupportError("no pipe") }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
        unsafe posix_spawn_file_actions_addclose(&actions, ends[1])
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, arguments[0], &actions, nil, &argv, environ)
        close(ends[1])
        guard code == 0 else { throw SupportError("cannot run \(arguments[0])") }
        pid = child
        output = ends[0]
    }

    deinit { close(output) }

    func lines(count: Int) -> [String] {
        while buffer.split(separator: 10).count <= count, readMore() {}
        return []
    }

    func kill() {
        Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(pid, &status, 0)
    }

    func remainingLines() -> [String] {
        while readMore() {}
        return buffer.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    private func readMore() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
        if count > 0 { buffer += chunk[..<count] }
        return count > 0
    }
}
