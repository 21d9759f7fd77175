// SPDX-License-Identifier: Apache-2.0

public import EgressAudit
public import EgressFleet
import Glibc
import Synchronization

/// A fleet whose time stands still until it is moved.
public final class TestFleet: Sendable {
    /// Whose tokens are believed.
    public let signer = StatementSigner()
    /// Decides.
    public let manager: WorkerFleetManager
    private let time: Time

    private final class Time: Sendable {
        let now = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
    }

    /// A fleet on a store.
    public init(_ store: any WorkerStore = MemoryWorkerStore(), policy: WorkerFleetPolicy = WorkerFleetPolicy()) {
        let time = Time()
        self.time = time
        manager = WorkerFleetManager(policy: policy, trust: signer.trust, store: store) { time.now.withLock { $0 } }
    }

    /// The moment.
    public var now: Timestamp { time.now.withLock { $0 } }

    /// The moment in seconds since 1970.
    public var seconds: Int64 { Int64(now.milliseconds / 1000) }

    /// Moves the time on, or back.
    public func wait(_ milliseconds: Int64) {
        time.now.withLock { $0.milliseconds = UInt64(Int64($0.milliseconds) + milliseconds) }
    }

    /// A statement of this moment that answers a fresh challenge.
    public func statement(_ workerID: String) -> Statement {
        Statement(workerID: workerID, at: seconds, nonce: manager.challenge().nonce)
    }

    /// A token of this moment that answers a fresh challenge.
    public func token(_ workerID: String) throws -> String { try signer.token(statement(workerID)) }

    /// Registers a worker with a fresh token.
    @discardableResult
    public func register(_ workerID: String) async throws -> Registration {
        try await manager.register(token: try token(workerID))
    }
}

/// A folder that goes away with its test.
public final class ScratchFolder: Sendable {
    /// Its path, without a trailing slash.
    public let path: String

    /// A new folder in the system's place for such.
    public init() {
        var template = Array("/tmp/egress-fleet-XXXXXX".utf8CString)
        path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            // The name is written over the X.
            let made = unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }
            return unsafe made.map { unsafe String(cString: $0) } ?? "/nonexistent"
        }
    }

    deinit {
        for name in ["fleet.db", "fleet.db-wal", "fleet.db-shm", "fleet.yaml", "tokens", "other.db"] {
            unsafe unlink(path + "/" + name)
        }
        unsafe rmdir(path)
    }
}
