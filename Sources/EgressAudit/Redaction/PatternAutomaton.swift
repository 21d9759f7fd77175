// SPDX-License-Identifier: Apache-2.0

/// Many words at once, after Aho and Corasick ("Efficient String Matching", 1975): time is linear in the text, whatever
/// the words and the text are.
struct PatternAutomaton: Sendable {
    /// Node 0 is the root. Edges are kept in one hash table: a table for each node would be large, and lists slow.
    private var edges = EdgeTable()
    private var failures: [UInt32] = [0]
    private var depths: [UInt32] = [0]
    /// The length of the longest word that ends at a node; 0 if none does.
    private var lengths: [UInt32] = [0]

    /// An automaton for words; empty ones are left out.
    init(_ words: some Sequence<[UInt8]>) {
        var parents: [(node: UInt32, byte: UInt8)] = [(0, 0)]
        for word in words where !word.isEmpty {
            var node: UInt32 = 0
            for byte in word {
                if let next = edges[node, byte] {
                    node = next
                } else {
                    let next = UInt32(depths.count)
                    edges.insert(node, byte, next)
                    depths.append(depths[Int(node)] + 1)
                    lengths.append(0)
                    failures.append(0)
                    parents.append((node, byte))
                    node = next
                }
            }
            lengths[Int(node)] = UInt32(word.count)
        }
        linkFailures(parents)
    }

    /// Sets for each node the node of the longest proper suffix of its path that is a path as well, shallow nodes first.
    private mutating func linkFailures(_ parents: [(node: UInt32, byte: UInt8)]) {
        for node in depths.indices.sorted(by: { depths[$0] < depths[$1] }) where depths[node] > 1 {
            let (parent, byte) = parents[node]
            failures[node] = step(failures[Int(parent)], byte)
            lengths[node] = max(lengths[node], lengths[Int(failures[node])])
        }
    }

    /// The node after one more byte.
    func step(_ node: UInt32, _ byte: UInt8) -> UInt32 {
        var node = node
        while true {
            if let next = edges[node, byte] { return next }
            if node == 0 { return 0 }
            node = failures[Int(node)]
        }
    }

    /// How many of the last bytes may be the beginning of a word.
    func depth(_ node: UInt32) -> Int { Int(depths[Int(node)]) }

    /// How many of the last bytes are a word; 0 if none ends here.
    func matchLength(_ node: UInt32) -> Int { Int(lengths[Int(node)]) }
}

/// A hash table from a node and a byte to a node, with open addressing.
private struct EdgeTable: Sendable {
    private var keys = [UInt64](repeating: .max, count: 256)
    private var values = [UInt32](repeating: 0, count: 256)
    private var count = 0

    subscript(node: UInt32, byte: UInt8) -> UInt32? {
        let key = UInt64(node) << 8 | UInt64(byte)
        var slot = self.slot(key)
        while keys[slot] != .max {
            if keys[slot] == key { return values[slot] }
            slot = (slot + 1) & (keys.count - 1)
        }
        return nil
    }

    mutating func insert(_ node: UInt32, _ byte: UInt8, _ next: UInt32) {
        if count * 2 >= keys.count { grow() }
        place(UInt64(node) << 8 | UInt64(byte), next)
        count += 1
    }

    private mutating func place(_ key: UInt64, _ next: UInt32) {
        var slot = self.slot(key)
        while keys[slot] != .max { slot = (slot + 1) & (keys.count - 1) }
        keys[slot] = key
        values[slot] = next
    }

    private mutating func grow() {
        let old = (keys, values)
        keys = [UInt64](repeating: .max, count: old.0.count * 2)
        values = [UInt32](repeating: 0, count: keys.count)
        for (key, next) in zip(old.0, old.1) where key != .max { place(key, next) }
    }

    private func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & (keys.count - 1)
    }
}
