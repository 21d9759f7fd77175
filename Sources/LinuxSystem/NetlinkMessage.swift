// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// A netlink(7) request as bytes: a header, a family header and attributes.
///
/// Numbers are in host order, as netlink has them; addresses and the like in network order, as their attributes say.
public struct NetlinkMessage: Sendable {
    /// NLM_F_REQUEST | NLM_F_ACK
    public static let request: UInt16 = 0x5
    /// NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    public static let create: UInt16 = 0x605

    private var content: [UInt8]

    /// Comes back with the answer.
    public var sequence: UInt32 = 1

    /// A message of a type (RTM_NEWLINK, ...) with flags and its family header.
    public init(_ type: UInt16, flags: UInt16, header: [UInt8]) {
        // struct nlmsghdr: length, type, flags, sequence number, port.
        content = Self.bytes(UInt32(0)) + Self.bytes(type) + Self.bytes(flags) + Self.bytes(UInt64(0)) + header
        pad()
    }

    /// The message with its length and sequence number filled in.
    public var bytes: [UInt8] {
        Self.bytes(UInt32(content.count)) + content[4..<8] + Self.bytes(sequence) + content[12...]
    }

    /// How many bytes stand in the message so far.
    public var count: Int { content.count }

    /// Appends an attribute (struct rtattr) of raw bytes. Returns the offset of its payload.
    @discardableResult
    public mutating func attribute(_ type: Int, _ payload: [UInt8]) -> Int {
        content += Self.bytes(UInt16(4 + payload.count)) + Self.bytes(UInt16(type))
        let offset = content.count
        content += payload
        pad()
        return offset
    }

    /// Appends an attribute of a number in host order. Returns the offset of its payload.
    @discardableResult
    public mutating func attribute(_ type: Int, _ value: some FixedWidthInteger) -> Int {
        attribute(type, Self.bytes(value))
    }

    /// Appends a NUL-terminated string.
    @discardableResult
    public mutating func attribute(_ type: Int, _ text: String) -> Int {
        attribute(type, Array(text.utf8) + [0])
    }

    /// Appends an attribute that contains what `body` appends.
    public mutating func nested(_ type: Int, _ body: (inout NetlinkMessage) -> Void) {
        let start = content.count
        content += Self.bytes(UInt16(0)) + Self.bytes(UInt16(type))
        body(&self)
        let length = Self.bytes(UInt16(content.count - start))
        content.replaceSubrange(start..<start + 2, with: length)
        pad()
    }

    /// Appends bytes without an attribute header, such as the `struct ifinfomsg` in VETH_INFO_PEER.
    public mutating func append(_ raw: [UInt8]) {
        content += raw
        pad()
    }

    /// The bytes of a number in host order.
    public static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value.littleEndian >> (8 * $0)) }
    }

    private mutating func pad() {
        while content.count % 4 != 0 { content.append(0) }
    }
}
