// SPDX-License-Identifier: Apache-2.0

/// A text or message from the other side of the ABI, copied before anything looks at it.
struct Text {
    let bytes: [UInt8]

    /// The text for people; bytes that are no UTF-8 become U+FFFD, which is shown escaped.
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether a name is written with the dot of the root, so that no search domain is added to it.
    var endsWithDot: Bool { bytes.last == UInt8(ascii: ".") }

    /// Copies so many bytes; nil for a null pointer with a length, and for more than `limit`.
    init?(_ start: UnsafeRawPointer?, _ count: Int, limit: Int) {
        // size_t arrives as Int: what is beyond Int.max is negative here.
        guard (0...limit).contains(count) else { return nil }
        guard let start = unsafe start else {
            if count > 0 { return nil }
            bytes = []
            return
        }
        bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

extension Text {
    /// The longest name that is looked at; DNS has 253.
    static let nameLimit = 1024
    /// The longest URL that is looked at.
    static let urlLimit = 64 << 10
    /// The longest list of rules.
    static let rulesLimit = 64 << 20
    /// The longest DNS message.
    static let messageLimit = 65_535
    /// The most addresses that one name is validated with.
    static let addressLimit = 4096
}
