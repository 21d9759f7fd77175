// SPDX-License-Identifier: Apache-2.0

/// Keys by the time at which they are due; a binary heap, smallest time first.
struct ExpiryQueue<Key: Sendable>: Sendable {
    private var heap: [(due: UInt64, key: Key)] = []

    var count: Int { heap.count }
    var first: UInt64? { heap.first?.due }

    mutating func insert(_ key: Key, due: UInt64) {
        heap.append((due, key))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and answers the first key that is due at the given time or before it.
    mutating func pop(dueAt now: UInt64) -> Key? {
        guard let first = heap.first, first.due <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].due < heap[smallest].due { smallest = child }
            }
            guard smallest != parent else { break }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
        return first.key
    }
}
