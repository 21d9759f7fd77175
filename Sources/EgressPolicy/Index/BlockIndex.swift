// SPDX-License-Identifier: Apache-2.0

/// Finds the claims on every block around an address of one family.
///
/// Blocks either nest or are apart. Sorted by first address, the longer later, the last block that begins at or
/// before an address lies inside every block that holds it; from there the enclosing ones are a chain.
struct BlockIndex: Sendable {
    private struct Row {
        let mask: UInt128
        let length: Int32
        /// The row of the next larger block around this one, or ``none``.
        let parent: Int32
        let claim: Int32
    }

    private static let none: Int32 = -1

    private let bases: [UInt128]
    private let rows: [Row]

    /// Takes blocks of one family, each once, with their claims.
    init(_ blocks: [(block: AddressBlock, claim: Int32)]) {
        let sorted = blocks.sorted { left, right in
            (left.block.base.key, left.block.prefixLength) < (right.block.base.key, right.block.prefixLength)
        }
        var rows: [Row] = []
        var around: [Int32] = []
        for (block, claim) in sorted {
            while let last = around.last, !sorted[Int(last)].block.contains(block.base) { around.removeLast() }
            rows.append(
                Row(
                    mask: AddressBlock.mask(block.prefixLength),
                    length: Int32(truncatingIfNeeded: block.prefixLength),
                    parent: around.last ?? Self.none,
                    claim: claim
                )
            )
            around.append(Int32(truncatingIfNeeded: rows.count - 1))
        }
        self.rows = rows
        bases = sorted.map { $0.block.base.key }
    }

    /// Calls `body` with the claim of each block around a key, or only of the one of a certain prefix length.
    @inline(__always)
    func visit(_ key: UInt128, only length: Int32?, _ body: (Int32) -> Void) {
        var low = 0
        var high = bases.count
        while low < high {
            let middle = (low + high) / 2
            if bases[middle] <= key { low = middle + 1 } else { high = middle }
        }
        var index = Int32(truncatingIfNeeded: low) - 1
        while index != Self.none {
            let row = rows[Int(index)]
            if key & row.mask == bases[Int(index)], length == nil || length == row.length { body(row.claim) }
            index = row.parent
        }
    }
}
