// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which engine stands behind which handle.
///
/// A handle is a number and not a pointer, deliberately: whatever a caller makes up, or goes on using after the close, is
/// looked up and not found. Numbers are given once. A call holds the engine itself, so that closing the handle meanwhile
/// takes nothing from under it.
enum EngineTable {
    private static let table = Mutex<(engines: [UInt64: Engine], last: UInt64)>(([:], 0))

    static func add(_ engine: Engine) -> UInt64 {
        table.withLock { table in
            table.last += 1
            table.engines[table.last] = engine
            return table.last
        }
    }

    static func remove(_ handle: UInt64) {
        // The engine goes when this returns, outside of the lock: freeing a large policy takes its time.
        _ = table.withLock { $0.engines.removeValue(forKey: handle) }
    }

    static subscript(handle: UInt64) -> Engine? {
        table.withLock { $0.engines[handle] }
    }
}
