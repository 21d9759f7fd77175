// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// The parts of one response on their way from the event loop to the task that reads them.
///
/// Two sides share it under one lock: the loop puts parts in, and a single task takes all that is there at once. Whoever
/// fails it first says why; later failures are mostly the echo of closing the connection, and are dropped.
final class ResponseStream: Sendable {
    enum Part: Sendable {
        case head(HTTPResponseHead)
        case body(ByteBuffer)
        case end
    }

    fileprivate struct State {
        var parts: [Part] = []
        var waiting: CheckedContinuation<[Part], any Error>?
        var failure: (any Error)?
        var buffered = 0
        var resume: (@Sendable () -> Void)?

        /// Adds content to the last part, if both are small: frames and chunks of a few bytes cost more than their copy.
        mutating func append(_ bytes: ByteBuffer) {
            guard bytes.readableBytes < ResponseStream.smallPart, case .body(var last)? = parts.last,
                last.readableBytes < ResponseStream.largePart
            else {
                return parts.append(.body(bytes))
            }
            parts.removeLast()
            if last.writableBytes < bytes.readableBytes {
                last.reserveCapacity(minimumWritableBytes: ResponseStream.largePart)
            }
            last.writeImmutableBuffer(bytes)
            parts.append(.body(last))
        }

        mutating func takeAll() -> [Part] {
            defer {
                parts = []
                buffered = 0
                resume = nil
            }
            return parts
        }
    }

    private let state = NIOLockedValueBox(State())

    fileprivate static let smallPart = 32 << 10, largePart = 256 << 10

    /// What may wait for the reader, in bytes, before the loop stops reading.
    static let limit = 4 << 20

    /// Puts a part in; ``flush()`` shows it to the reader.
    func put(_ part: Part) {
        state.withLockedValue { state in
            guard state.failure == nil else { return }
            guard case .body(let bytes) = part else { return state.parts.append(part) }
            state.buffered += bytes.readableBytes
            state.append(bytes)
        }
    }

    /// Hands what was put in to the reader, if it waits.
    func flush() {
        let handed = state.withLockedValue { state -> (CheckedContinuation<[Part], any Error>, [Part])? in
            guard let waiting = state.waiting, !state.parts.isEmpty else { return nil }
            state.waiting = nil
            return (waiting, state.takeAll())
        }
        if let (waiting, parts) = handed { waiting.resume(returning: parts) }
    }

    /// Ends the stream early; what was put in before is still read.
    func fail(_ error: any Error) {
        flush()
        let waiting = state.withLockedValue { state -> CheckedContinuation<[Part], any Error>? in
            guard state.failure == nil else { return nil }
            state.failure = error
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(throwing: error)
    }

    /// The bytes that wait for the reader.
    var buffered: Int { state.withLockedValue(\.buffered) }

    /// Whether the loop has to wait with its next read; `resume` is then called once the reader caught up.
    func pauses(_ resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLockedValue { state in
            guard state.buffered >= Self.limit else { return false }
            state.resume = resume
            return true
        }
    }

    /// Everything that arrived, at least one part.
    func next() async throws -> [Part] {
        try await withCheckedThrowingContinuation { continuation in
            let taken = state.withLockedValue { state in state.take(or: continuation) }
            taken.resume?()
            if let result = taken.result { continuation.resume(with: result) }
        }
    }
}

extension ResponseStream.State {
    /// What a reader gets now; when there is nothing yet, it is noted as waiting.
    fileprivate mutating func take(
        or reader: CheckedContinuation<[ResponseStream.Part], any Error>
    ) -> (result: Result<[ResponseStream.Part], any Error>?, resume: (@Sendable () -> Void)?) {
        let resume = resume
        if !parts.isEmpty { return (.success(takeAll()), resume) }
        if let failure { return (.failure(failure), nil) }
        waiting = reader
        return (nil, nil)
    }
}
