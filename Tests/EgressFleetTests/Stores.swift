// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import FleetSupport
import Testing

/// The kinds of stores, which must all behave alike.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, sqlite

    var testDescription: String { rawValue }

    /// A new store, and what keeps its file alive.
    func make(_ limits: StoreLimits = StoreLimits()) throws -> (any WorkerStore, ScratchFolder) {
        let folder = ScratchFolder()
        switch self {
        case .memory: return (MemoryWorkerStore(limits: limits), folder)
        case .sqlite: return (try SQLiteWorkerStore(path: folder.path + "/fleet.db", limits: limits), folder)
        }
    }
}
