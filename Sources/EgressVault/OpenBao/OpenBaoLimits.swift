// SPDX-License-Identifier: Apache-2.0

/// What a server may take of our time and memory.
public struct OpenBaoLimits: Hashable, Sendable {
    /// How long each request may take, from the first packet to the last byte of the answer.
    public var seconds: Double
    /// The longest answer, in bytes.
    public var maximumAnswer: Int

    /// - Parameters:
    ///   - seconds: the time of each request
    ///   - maximumAnswer: the longest answer, in bytes
    public init(seconds: Double = 10, maximumAnswer: Int = 2 << 20) {
        self.seconds = min(max(seconds, 0.001), 600)
        self.maximumAnswer = max(maximumAnswer, 0)
    }

    var nanoseconds: Int64 { Int64(seconds * 1e9) }
}
