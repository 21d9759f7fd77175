// SPDX-License-Identifier: Apache-2.0

/// A part of the text that is to be redacted. Positions count from the beginning of the stream.
struct Interval {
    var kind: RedactionKind
    var start: Int
    var end: Int
    /// True for the next part of an interval whose end was not in sight.
    var isContinuation = false
}
