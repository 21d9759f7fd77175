// SPDX-License-Identifier: Apache-2.0

import EgressFetch
import Glibc
import NIOCore
import Synchronization

/// Shows on a terminal how far a long body is; says nothing anywhere else.
final class ProgressSink: FetchSink {
    private struct State {
        var began = ContinuousClock.now
        var shown = ContinuousClock.now
        var bytes = 0
        var length: UInt64?
        var isVisible = false
    }

    private let output: any FetchOutput
    private let isShown: Bool
    private let state = Mutex(State())

    /// The time between two updates, and before the first.
    private static let pause = Duration.milliseconds(500)

    init(_ output: any FetchOutput) {
        self.output = output
        // A body that goes to the same terminal shows by itself how far it is.
        isShown = isatty(2) == 1 && !(output is StreamOutput && isatty(1) == 1)
    }

    func begin(_ head: FetchHead) async throws {
        state.withLock { $0.length = head.length }
        try await output.begin(head)
    }

    func write(_ bytes: ByteBuffer) async throws {
        try await output.write(bytes)
        guard isShown else { return }
        let line = state.withLock { state -> String? in
            state.bytes += bytes.readableBytes
            guard .now - state.shown >= Self.pause else { return nil }
            state.shown = .now
            state.isVisible = true
            return Self.line(state.bytes, of: state.length, in: .now - state.began)
        }
        if let line { FetchSession.write("\r\u{1b}[K\(line)") }
    }

    /// Takes the line away.
    func finish() {
        if state.withLock({ $0.isVisible }) { FetchSession.write("\r\u{1b}[K") }
    }

    private static func line(_ bytes: Int, of length: UInt64?, in time: Duration) -> String {
        let rate = Double(bytes) / max(time / .seconds(1), 0.001)
        let whole = length.map { " of \(size(Double($0)))" } ?? ""
        return "\(size(Double(bytes)))\(whole), \(size(rate))/s"
    }

    private static func size(_ bytes: Double) -> String {
        let (value, unit) =
            bytes < 1e3
            ? (bytes, "B") : bytes < 1e6 ? (bytes / 1e3, "kB") : bytes < 1e9 ? (bytes / 1e6, "MB") : (bytes / 1e9, "GB")
        return "\((value * 10).rounded() / 10) \(unit)"
    }
}
