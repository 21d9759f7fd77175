// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import FleetSupport
import Glibc
import TestSupport
import Testing

struct SQLiteWorkerStoreTests {
    @Test func `a fleet is there when its file is opened again`() async throws {
        let folder = ScratchFolder()
        let path = folder.path + "/fleet.db"
        let store = try SQLiteWorkerStore(path: path)
        let worker = try await store.apply(WorkerChange(worker: WorkerStoreTests.worker("w")))
        try store.close()
        let again = try SQLiteWorkerStore(path: path)
        #expect(try await again.worker("w") == worker)
    }

    @Test func `two stores on one file see each other's changes and refuse each other's replays`() async throws {
        let folder = ScratchFolder()
        let path = folder.path + "/fleet.db"
        let (one, other) = (try SQLiteWorkerStore(path: path), try SQLiteWorkerStore(path: path))
        let use = WorkerStoreTests.use(1)
        let worker = try await one.apply(WorkerChange(worker: WorkerStoreTests.worker("w"), uses: [use]))
        #expect(try await other.worker("w") == worker)
        await #expect(throws: WorkerStoreError.replayed) {
            try await other.apply(WorkerChange(worker: WorkerStoreTests.worker("v"), uses: [use]))
        }
        _ = try await other.apply(WorkerChange(worker: worker))
        await #expect(throws: WorkerStoreError.conflict) { try await one.apply(WorkerChange(worker: worker)) }
    }

    @Test func `the files are for their owner only`() async throws {
        let folder = ScratchFolder()
        let path = folder.path + "/fleet.db"
        let mask = umask(0)
        defer { umask(mask) }
        let store = try SQLiteWorkerStore(path: path)
        _ = try await store.apply(WorkerChange(worker: WorkerStoreTests.worker("w")))
        for suffix in ["", "-wal", "-shm"] {
            var status = stat()
            #expect(unsafe stat(path + suffix, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(suffix)")
        }
    }

    @Test func `another program's file is refused and left as it is`() throws {
        let folder = ScratchFolder()
        let path = folder.path + "/other.db"
        let text = Array("this is no database, but a file of more than a hundred bytes ".utf8)
        let bytes = Array(repeatElement(text, count: 40).joined())
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
        #expect(unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        close(descriptor)
        #expect(throws: WorkerStoreError.self) { try SQLiteWorkerStore(path: path) }
        #expect(contents(of: path) == bytes)
    }

    @Test(arguments: ["/nonexistent/fleet.db", "/", "/tmp/a\0b"])
    func `a path where no file can be is an error`(path: String) {
        #expect(throws: WorkerStoreError.self) { try SQLiteWorkerStore(path: path) }
    }
}
