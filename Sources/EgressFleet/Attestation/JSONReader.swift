// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON document, whose bytes are bounded by the caller.
struct JSONReader {
    private let bytes: [UInt8]
    private var at = 0

    /// Deeper than any of our claims.
    private static let maximumDepth = 8

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(WorkerAttestationError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw .malformed("something follows the JSON value") }
        return value
    }

    private mutating func value(depth: Int) throws(WorkerAttestationError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw .malformed("JSON that is nested too deeply") }
        skipSpace()
        guard at < bytes.count else { throw .malformed("JSON that ends too soon") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return .object(try object(depth))
        case UInt8(ascii: "["): return .array(try array(depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .integer(try integer())
        }
    }

    private mutating func object(_ depth: Int) throws(WorkerAttestationError) -> [String: JSONValue] {
        at += 1
        var members: [String: JSONValue] = [:]
        if take("}") { return members }
        repeat {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw .malformed("a member without a name") }
            let name = try string()
            guard take(":") else { throw .malformed("a member without a value") }
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw .duplicateName(name)
            }
        } while take(",")
        guard take("}") else { throw .malformed("an object that does not end") }
        return members
    }

    private mutating func array(_ depth: Int) throws(WorkerAttestationError) -> [JSONValue] {
        at += 1
        var elements: [JSONValue] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw .malformed("a list that does not end") }
        return elements
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(WorkerAttestationError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        let isThere = bytes[at...].prefix(count).elementsEqual(text.description.utf8)
        guard isThere else { throw .malformed("a word that JSON does not have") }
        at += count
        return value
    }

    private mutating func integer() throws(WorkerAttestationError) -> Int64 {
        let start = at
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        let digits = at
        while at < bytes.count, Self.isDigit(bytes[at]) { at += 1 }
        let isPlain = at > digits && (at == digits + 1 || bytes[digits] != UInt8(ascii: "0"))
        guard isPlain, let number = Int64(String(decoding: bytes[start..<at], as: UTF8.self)) else {
            throw .malformed("a number that is none or is too large")
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") || bytes[at] | 0x20 == UInt8(ascii: "e") {
            throw .malformed("a number that is not whole")
        }
        return number
    }

    private mutating func string() throws(WorkerAttestationError) -> String {
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw .malformed("text that is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escaped()
            case ..<0x20: throw .malformed("a control character in text")
            default: text.append(byte)
            }
        }
        throw .malformed("text that does not end")
    }

    private mutating func escaped() throws(WorkerAttestationError) -> [UInt8] {
        guard at < bytes.count else { throw .malformed("text that does not end") }
        let letter = bytes[at]
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"): break
        default: throw .malformed("an escape that JSON does not have")
        }
        var units = [try unit()]
        if UTF16.isLeadSurrogate(units[0]), bytes[at...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            at += 2
            units.append(try unit())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw .malformed("half of a character") }
        return Array(text.utf8)
    }

    private mutating func unit() throws(WorkerAttestationError) -> UInt16 {
        guard at + 4 <= bytes.count, bytes[at..<at + 4].allSatisfy(Self.isHexadecimal),
            let unit = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw .malformed("an escape that JSON does not have") }
        at += 4
        return unit
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0a || bytes[at] == 0x0d {
            at += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f")
    }
}
