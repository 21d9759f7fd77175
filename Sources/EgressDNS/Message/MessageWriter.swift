// SPDX-License-Identifier: Apache-2.0

/// Writes the fields of a message, with compressed names (RFC 1035, section 4.1.4).
///
/// Suffixes already written form a tree whose nodes are the offsets at which they start; a name walks it from its last
/// label, so that each label is looked up once. Labels are compared octet by octet: the spelling of a name survives.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []
    private var offsets: [Branch: Int] = [:]

    private struct Branch: Hashable {
        /// Where the rest of the name starts; 0 for the root, which no name starts at.
        var parent: Int
        var label: ArraySlice<UInt8>
    }

    /// The last octet that a pointer of 14 bits reaches.
    private static let furthest = 0x3fff

    mutating func write(_ value: UInt8) { bytes.append(value) }

    mutating func write(_ value: UInt16) {
        bytes.append(UInt8(value >> 8))
        bytes.append(UInt8(value & 0xff))
    }

    mutating func write(_ value: UInt32) {
        write(UInt16(value >> 16))
        write(UInt16(value & 0xffff))
    }

    mutating func write(_ value: UInt64) {
        write(UInt32(value >> 32))
        write(UInt32(value & 0xffff_ffff))
    }

    mutating func write(_ octets: some Collection<UInt8>) { bytes.append(contentsOf: octets) }

    mutating func patch(_ value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(value & 0xff)
    }

    /// Forgets what was written from an offset on. No compressed name may be written after that.
    mutating func truncate(to count: Int) { bytes.removeSubrange(count...) }

    mutating func write(_ name: DNSName, compressed: Bool = true) {
        guard compressed else { return write(name.wire) }
        let labels = name.labels
        var parent = 0
        var fresh = labels.count
        while fresh > 0, let known = offsets[Branch(parent: parent, label: labels[fresh - 1])] {
            parent = known
            fresh -= 1
        }
        var starts: [Int] = []
        for label in labels[..<fresh] {
            starts.append(bytes.count)
            write(UInt8(label.count))
            write(label)
        }
        if parent == 0 { write(UInt8(0)) } else { write(UInt16(0xc000 | parent)) }
        for index in (0..<fresh).reversed() where starts[index] <= Self.furthest {
            offsets[Branch(parent: parent, label: labels[index])] = starts[index]
            parent = starts[index]
        }
    }
}
