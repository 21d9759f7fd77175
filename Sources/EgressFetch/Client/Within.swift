// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Does something that may take until a deadline and no longer; it is cancelled then.
func within<Value: Sendable>(
    _ deadline: NIODeadline,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: .nanoseconds(max((deadline - .now()).nanoseconds, 0)))
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw FetchError(.totalTimeout, "the fetch took too long")
        }
        return value
    }
}
