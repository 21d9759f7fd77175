// SPDX-License-Identifier: Apache-2.0

/// Looks for known secrets in a stream.
///
/// The filter leaps to where a form may begin; from there the automaton reads on until no more than a few bytes can be
/// the beginning of one.
struct KnownScanner {
    private let secrets: KnownSecrets
    /// The next byte to read.
    private var position = 0
    /// Where the automaton stands; nil while the filter looks.
    private var node: UInt32?
    private var began = 0

    init(_ secrets: KnownSecrets) {
        self.secrets = secrets
    }

    /// Reads what is new in a text that begins at `base` of the stream, and returns how far all that begins there is known.
    mutating func scan(_ text: [UInt8], base: Int, isFinal: Bool, _ found: inout [Interval]) -> Int {
        let end = base + text.count
        guard !secrets.isEmpty else { return end }
        while true {
            if let node {
                self.node = read(text, base, from: node, &found)
                if let node = self.node { return isFinal ? end : position - secrets.automaton.depth(node) }
            }
            guard let next = secrets.filter.next(in: text.span, from: position - base) else { break }
            position = base + next
            began = position
            node = 0
        }
        position = max(position, end - (GramFilter.length - 1))
        guard !isFinal else { return end }
        while position < end, !mayBegin(text, position - base) { position += 1 }
        return position
    }

    /// Lets the automaton read until it has less than the filter needs, or nothing to read; nil in the first case.
    private mutating func read(
        _ text: [UInt8],
        _ base: Int,
        from first: UInt32,
        _ found: inout [Interval]
    ) -> UInt32? {
        var node = first
        let end = base + text.count
        while position < end {
            node = secrets.automaton.step(node, text[position - base])
            position += 1
            let length = secrets.automaton.matchLength(node)
            if length > 0 { found.append(Interval(kind: .known, start: position - length, end: position)) }
            let depth = secrets.automaton.depth(node)
            if depth < GramFilter.length, position - began >= GramFilter.length {
                // What the filter has not seen of these bytes it can see now, with those after them.
                position = max(position - depth, began + 1)
                return nil
            }
        }
        return node
    }

    /// True if the bytes from `start` to the end may be the beginning of a form.
    private func mayBegin(_ text: [UInt8], _ start: Int) -> Bool {
        var node: UInt32 = 0
        for index in start..<text.count {
            node = secrets.automaton.step(node, text[index])
            if secrets.automaton.depth(node) < index - start + 1 { return false }
        }
        return true
    }
}
