// SPDX-License-Identifier: Apache-2.0

/// One JSON object on one line, built as bytes in a buffer that is used again for the next line.
///
/// Everything it writes is printable ASCII. Other characters are escaped, so that a name from a hostile answer can
/// neither break the line nor reach the terminal of whoever reads the file.
struct JSONLine {
    private(set) var bytes: [UInt8] = []

    /// Begins a new object, keeping the memory of the last.
    mutating func open() {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "{"))
    }

    /// Ends the object and the line.
    mutating func close() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Adds a member whose value is text.
    mutating func add(_ key: StaticString, _ value: String) {
        addKey(key)
        append(quoting: value)
    }

    /// Adds a member whose value is a list of texts.
    mutating func add(_ key: StaticString, _ values: some Sequence<String>) {
        addKey(key)
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(quoting: value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func append(quoting value: String) {
        bytes.append(UInt8(ascii: "\""))
        // Names and rules are plain ASCII nearly always.
        if value.utf8.allSatisfy(Self.isPlain) {
            bytes.append(contentsOf: value.utf8)
        } else {
            for scalar in value.unicodeScalars { append(escaping: scalar) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a member whose value is a number.
    mutating func add(_ key: StaticString, _ value: some BinaryInteger) {
        addKey(key)
        bytes.append(decimal: value)
    }

    /// Adds a member whose value is the text that `write` appends: ASCII that needs no escape.
    mutating func add(_ key: StaticString, plainText write: (inout [UInt8]) -> Void) {
        addKey(key)
        bytes.append(UInt8(ascii: "\""))
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func addKey(_ key: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    // RFC 8259, section 7. The short escapes of controls (\n and so on) are not used: one form is enough.
    private mutating func append(escaping scalar: Unicode.Scalar) {
        switch scalar {
        case "\"", "\\":
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        case " "..."~":
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        default:
            // Beyond the basic plane this is a pair of surrogates, as JSON wants it.
            for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] {
                    let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xf
                    bytes.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
                }
            }
        }
    }
}

extension [UInt8] {
    /// Appends a number in decimal, without a detour over String, with at least `width` digits.
    mutating func append(decimal value: some BinaryInteger, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = UInt64(clamping: value.magnitude)
        let start = count
        var digits = 0
        while rest > 0 || digits < width {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
            digits += 1
        }
        self[start...].reverse()
    }
}
