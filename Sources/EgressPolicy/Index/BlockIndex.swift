// SPDX-License-Identifier: Apache-2.0

/// Finds the claims on every block around an address of one family.
///
/// Blocks either nest or are apart. Sorted by first address, the longer later, the last block that begins at or
/// before an address lies inside every block that holds it; from there the enclosing ones are a chain.
struct BlockIndex<Key: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private struct Row {
        let length: Int32
        /// The row of the next larger block around this one, or ``none``.
        let parent: Int32
        let claim: Int32
    }

    private static var none: Int32 { -1 }

    private let bases: [Key]
    private let rows: [Row]

    /// Takes blocks of one family, each once: first address, prefix length, claim.
    init(_ blocks: [(base: Key, length: Int, claim: Int32)]) {
        let sorted = blocks.sorted { ($0.base, $0.length) < ($1.base, $1.length) }
        var rows: [Row] = []
        var around: [Int32] = []
        for (base, length, claim) in sorted {
            while let last = around.last, !Self.contains(sorted[Int(last)].base, sorted[Int(last)].length, base) {
                around.removeLast()
            }
            rows.append(
                Row(length: Int32(truncatingIfNeeded: length), parent: around.last ?? Self.none, claim: claim)
            )
            around.append(Int32(truncatingIfNeeded: rows.count - 1))
        }
        self.rows = rows
        bases = sorted.map(\.base)
    }

    private static func contains(_ base: Key, _ length: Int, _ key: Key) -> Bool {
        // A shift by the whole width leaves nothing, which is right: a block of length 0 holds everything.
        (base ^ key) >> (Key.bitWidth - length) == 0
    }

    /// Calls `body` with the claim of each block around a key, or only of the one which is nothing but the key.
    @inline(__always)
    func visit(_ key: Key, isExact: Bool, _ body: (Int32) -> Void) {
        var low = 0
        var high = bases.count
        while low < high {
            let middle = (low + high) / 2
            if bases[middle] <= key { low = middle + 1 } else { high = middle }
        }
        var index = Int32(truncatingIfNeeded: low) - 1
        while index != Self.none {
            let row = rows[Int(index)]
            let length = Int(row.length)
            if !isExact || length == Key.bitWidth, Self.contains(bases[Int(index)], length, key) { body(row.claim) }
            index = row.parent
        }
    }
}
