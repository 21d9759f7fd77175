// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of a message in order, from bytes that anyone may have written.
///
/// ## Theory of operation
/// Every read is checked against the end. A name costs at most 255 octets and ``maximumPointers`` pointers wherever those
/// lead, and every name takes at least one octet of the message, so the whole costs time linear in its size. Pointers lead
/// strictly backwards: each to before the part of the name that it ends. ``work`` counts the octets looked at, for the
/// test that says so.
struct MessageReader {
    /// More than any encoder makes of a name (one a label would be 127; Go's reader takes 10, Unbound's 256).
    static let maximumPointers = 64

    let bytes: [UInt8]
    private(set) var offset: Int
    private(set) var work = 0

    init(_ bytes: [UInt8], at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    var remaining: Int { bytes.count - offset }

    mutating func readUInt8() throws(DNSError) -> UInt8 {
        guard remaining >= 1 else { throw DNSError(.truncated, at: offset) }
        defer { offset += 1 }
        work += 1
        return bytes[offset]
    }

    mutating func readUInt16() throws(DNSError) -> UInt16 {
        let high = try readUInt8()
        return UInt16(high) << 8 | UInt16(try readUInt8())
    }

    mutating func readUInt32() throws(DNSError) -> UInt32 {
        let high = try readUInt16()
        return UInt32(high) << 16 | UInt32(try readUInt16())
    }

    mutating func readBytes(_ count: Int) throws(DNSError) -> ArraySlice<UInt8> {
        guard count >= 0, remaining >= count else { throw DNSError(.truncated, at: offset) }
        defer { offset += count }
        work += count
        return bytes[offset..<(offset + count)]
    }

    mutating func readName() throws(DNSError) -> DNSName {
        var wire: [UInt8] = []
        var position = offset
        var segmentStart = offset
        var end: Int?
        var pointers = 0
        while true {
            work += 1
            guard position < bytes.count else { throw DNSError(.truncated, at: position) }
            let length = Int(bytes[position])
            switch length {
            case 0:
                offset = end ?? position + 1
                wire.append(0)
                return DNSName(checkedWire: wire)
            case 1...DNSName.maximumLabelLength:
                let next = position + 1 + length
                guard next <= bytes.count else { throw DNSError(.truncated, at: position) }
                // One octet stays free for the root.
                guard wire.count + 1 + length < DNSName.maximumLength else {
                    throw DNSError(.nameTooLong, at: position)
                }
                wire.append(contentsOf: bytes[position..<next])
                work += length
                position = next
            case 0xc0...:
                guard position + 1 < bytes.count else { throw DNSError(.truncated, at: position) }
                let target = (length & 0x3f) << 8 | Int(bytes[position + 1])
                pointers += 1
                guard target >= DNSMessage.headerSize, target < segmentStart, pointers <= Self.maximumPointers else {
                    throw DNSError(.badPointer, at: position)
                }
                end = end ?? position + 2
                segmentStart = target
                position = target
            default:
                throw DNSError(.reservedLabel, at: position)
            }
        }
    }
}
