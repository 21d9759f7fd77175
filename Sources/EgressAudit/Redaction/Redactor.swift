// SPDX-License-Identifier: Apache-2.0

/// Takes secrets out of a stream of bytes: values that are known, and what has the shape of a secret.
///
/// The result does not depend on how the stream is cut into pieces. No more than `Sight.window` bytes are held back, or
/// as many as the longest form of a known secret has; at the end of a line nothing is, unless a known secret with a line
/// end in it or a private key may have begun. A secret that is longer than the window is redacted for as long as it goes
/// on, so memory is constant whatever is read, and time is linear in the input.
///
/// What is known is found for certain, in the forms that `KnownSecrets` lists. What only looks like a secret is a guess:
/// a password that is an ordinary word in an ordinary sentence is not found.
public struct Redactor: Sendable {
    /// How much is looked at in one go.
    private static let portion = 64 << 10

    private var known: KnownScanner
    private var shapes = ShapeScanner()
    /// What has been read and is still needed.
    private var text: [UInt8] = []
    /// How many bytes of the stream stand before `text`.
    private var base = 0
    /// How much of the stream has been written, or replaced.
    private var written = 0
    private var found: [Interval] = []
    /// The last part that was redacted; it may still grow.
    private var last: RedactionFinding?
    private var findings: [RedactionFinding] = []

    /// A redactor of what looks like a secret, and of known secrets if there are any.
    public init(_ secrets: KnownSecrets = KnownSecrets()) {
        known = KnownScanner(secrets)
    }

    /// A redactor of these values, and of what looks like a secret.
    public init(secrets: [[UInt8]]) throws(KnownSecretsError) {
        self.init(try KnownSecrets(secrets))
    }

    /// Reads a piece of the stream, and returns what is certain of it, redacted.
    public mutating func redact(_ piece: [UInt8]) -> [UInt8] { redact(piece[...]) }

    /// Reads a piece of the stream, and returns what is certain of it, redacted.
    public mutating func redact(_ piece: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(piece.count + 64)
        var rest = piece
        while !rest.isEmpty {
            let portion = rest.prefix(Self.portion)
            rest = rest.dropFirst(portion.count)
            text += portion
            advance(isFinal: false, &output)
        }
        return output
    }

    /// Returns what was held back, at the end of the stream.
    public mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        advance(isFinal: true, &output)
        if let last { findings.append(last) }
        last = nil
        return output
    }

    /// What was redacted since this was last asked, in the order of the stream; the last part only when it can't grow any more.
    public mutating func takeFindings() -> [RedactionFinding] {
        defer { findings.removeAll(keepingCapacity: true) }
        return findings
    }

    private mutating func advance(isFinal: Bool, _ output: inout [UInt8]) {
        let knownUpTo = known.scan(text, base: base, isFinal: isFinal, &found)
        let certain = min(knownUpTo, shapes.scan(text, base: base, isFinal: isFinal, &found))
        write(to: certain, &output)
        let unneeded = min(written, certain) - base - Sight.hindsight
        if unneeded > 0 {
            text.removeFirst(unneeded)
            base += unneeded
        }
    }

    /// Writes what lies before a place of the stream, of which every part that begins before it is known.
    private mutating func write(to certain: Int, _ output: inout [UInt8]) {
        found.sort { ($0.start, -$0.end) < ($1.start, -$1.end) }
        let ready = found.prefix { $0.start < certain }
        for interval in ready {
            let end = last.map { $0.offset + $0.length } ?? -1
            if interval.start < end || interval.isContinuation && interval.start == end {
                last?.length += max(0, interval.end - end)
                continue
            }
            if let last { findings.append(last) }
            copy(to: interval.start, &output)
            output += interval.kind.marker.utf8
            last = RedactionFinding(kind: interval.kind, offset: interval.start, length: interval.end - interval.start)
        }
        found.removeFirst(ready.count)
        copy(to: certain, &output)
    }

    /// Writes the bytes that are not redacted.
    private mutating func copy(to end: Int, _ output: inout [UInt8]) {
        if let last { written = max(written, min(last.offset + last.length, max(end, written))) }
        guard written < end else { return }
        output += text[written - base..<end - base]
        written = end
    }
}
