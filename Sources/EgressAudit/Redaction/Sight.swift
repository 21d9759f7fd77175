// SPDX-License-Identifier: Apache-2.0

/// What is seen of a stream from one place in it: a little of what stands before, and `window` bytes of what follows.
///
/// Nothing is ever decided by what lies farther away, even if it is there already. So what is found does not depend on
/// how the stream was cut into pieces.
struct Sight {
    /// How far is looked ahead, in bytes.
    static let window = 4096
    /// How far is looked back, in bytes.
    static let hindsight = 64

    /// What is decided later, when more has been read.
    struct Unseen: Error {}

    /// Bytes of one class that follow each other.
    struct Run {
        var end: Int
        /// False if it reaches the end of the window, and may go on.
        var isWhole: Bool
    }

    let bytes: [UInt8]
    let isFinal: Bool
    private(set) var origin = 0
    private var limit = 0
    private var isAtLimit = false
    /// The last run of each class that was looked for, so that a run is not read again from each place in it.
    private var runs: [(set: UInt16, start: Int, end: Int)] = []

    /// A sight of the part of a stream that is at hand.
    init(_ bytes: [UInt8], isFinal: Bool) {
        self.bytes = bytes
        self.isFinal = isFinal
    }

    /// Looks from another place.
    mutating func look(from origin: Int) {
        self.origin = origin
        limit = min(bytes.count, origin + Self.window)
        isAtLimit = isFinal || bytes.count >= origin + Self.window
    }

    /// The byte at an index at or after the origin; nil at the end of the stream or the window.
    func byte(_ index: Int) throws(Unseen) -> UInt8? {
        if index < limit { return bytes[index] }
        if isAtLimit { return nil }
        throw Unseen()
    }

    /// The byte before an index; nil at the beginning of the stream, and for what is too far back.
    func before(_ index: Int) -> UInt8? {
        index > 0 && index > origin - Self.hindsight && index <= bytes.count ? bytes[index - 1] : nil
    }

    /// True if a word stands at an index; `folded` words are in small letters and match capitals too.
    func has(_ word: [UInt8], at index: Int, folded: Bool = false) throws(Unseen) -> Bool {
        for offset in word.indices {
            let expected = word[offset]
            guard let byte = try byte(index + offset) else { return false }
            guard byte == expected || folded && byte.isIn(.upper) && byte.folded == expected else { return false }
        }
        return true
    }

    /// The bytes of a class from an index on.
    mutating func run(of set: ByteClass, from index: Int) throws(Unseen) -> Run {
        var end = index
        let slot = runs.firstIndex { $0.set == set.rawValue }
        if let slot, runs[slot].start <= index, index <= runs[slot].end { end = runs[slot].end }
        if end < limit {
            end = Self.end(of: set, in: bytes, from: end, to: limit)
            if let slot { runs[slot] = (set.rawValue, index, end) } else { runs.append((set.rawValue, index, end)) }
        }
        if end < limit { return Run(end: end, isWhole: true) }
        guard isAtLimit else { throw Unseen() }
        return Run(end: limit, isWhole: limit < origin + Self.window)
    }

    /// The index at which the bytes of a class end, but at most `limit`.
    static func end(of set: ByteClass, in bytes: [UInt8], from start: Int, to limit: Int) -> Int {
        let table = ByteClass.table
        var index = start
        while index < limit, table[Int(bytes[index])] & set.rawValue != 0 { index += 1 }
        return index
    }
}
