// SPDX-License-Identifier: Apache-2.0

/// Looks for what has the shape of a secret in a stream.
///
/// The filter leaps to where a word of `ShapeTable` may stand, such as `ghp_` or `password`; the shape that belongs to the
/// word decides by what stands around it. The leftmost secret is taken, and the search goes on behind it.
struct ShapeScanner {
    private let table = ShapeTable.shared
    /// The next byte to look at, in the stream.
    private var position = 0
    /// A secret whose end is not in sight yet, and the bytes that it goes on with.
    private var open: (kind: RedactionKind, set: ByteClass)?
    private var isContinuation = false

    /// Looks at what is new in a text that begins at `base` of the stream, and returns how far all that begins there is known.
    mutating func scan(_ text: [UInt8], base: Int, isFinal: Bool, _ found: inout [Interval]) -> Int {
        var sight = Sight(text, isFinal: isFinal)
        var index = position - base
        defer { position = base + index }
        while true {
            if let open {
                let end = Self.end(of: open, sight, from: index)
                if end > index || !isContinuation {
                    found.append(
                        Interval(
                            kind: open.kind,
                            start: base + index,
                            end: base + end,
                            isContinuation: isContinuation
                        )
                    )
                }
                index = end
                isContinuation = true
                if !isFinal, end == text.count || Self.isHeld(open, sight, end) { return base + end }
                self.open = nil
            }
            guard let next = table.filter.next(in: text.span, from: index) else { break }
            index = next
            sight.look(from: index)
            do {
                switch try table.match(&sight) {
                case .none: index += 1
                case .found(let kind, let range):
                    found.append(Interval(kind: kind, start: base + range.lowerBound, end: base + range.upperBound))
                    index = max(range.upperBound, index + 1)
                case .open(let kind, let start, let set):
                    open = (kind, set)
                    isContinuation = false
                    index = start
                }
            } catch {
                return base + index
            }
        }
        index = isFinal ? text.count : table.firstBeginning(in: text, from: max(index, text.count - 3))
        return base + index
    }

    /// Where an open secret ends, as far as can be seen.
    private static func end(of open: (kind: RedactionKind, set: ByteClass), _ sight: Sight, from index: Int) -> Int {
        guard open.kind == .privateKey else {
            return Sight.end(of: open.set, in: sight.bytes, from: index, to: sight.bytes.count)
        }
        var index = index
        let bytes = sight.bytes
        while index < bytes.count, bytes[index].isIn(open.set) {
            // The line that ends it: five hyphens. Fewer at the end of what is there may become five.
            if bytes[index] == UInt8(ascii: "-") {
                let dashes = bytes[index...].prefix(5).prefix { $0 == UInt8(ascii: "-") }.count
                if dashes == 5 || index + dashes == bytes.count { break }
                index += dashes
            } else {
                index += 1
            }
        }
        return index
    }

    /// True if an open private key may go on with hyphens that are the last bytes at hand.
    private static func isHeld(_ open: (kind: RedactionKind, set: ByteClass), _ sight: Sight, _ end: Int) -> Bool {
        open.kind == .privateKey && sight.bytes.count - end < 5
            && sight.bytes[end...].allSatisfy { $0 == UInt8(ascii: "-") }
    }
}

/// What a shape says of the place it was asked about.
enum ShapeMatch {
    /// No secret begins here.
    case none
    /// A secret, of which `range` is to be redacted.
    case found(RedactionKind, Range<Int>)
    /// A secret that begins at an index and goes on for as long as bytes of a class follow.
    case open(RedactionKind, Int, ByteClass)

    /// A secret that is a run of bytes of one class.
    init(_ kind: RedactionKind, from start: Int, _ run: Sight.Run, of set: ByteClass) {
        self = run.isWhole ? .found(kind, start..<max(start, run.end)) : .open(kind, start, set)
    }
}
