// SPDX-License-Identifier: Apache-2.0

/// base64 and base64url (RFC 4648, sections 4 and 5).
public enum Base64 {
    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// base64url without padding, as JWS has it (RFC 7515, section 2).
    public static func encodeURL(_ bytes: some Collection<UInt8>) -> [UInt8] { encode(Array(bytes), url) }

    /// base64 with padding, as PEM has it.
    public static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text = encode(Array(bytes), standard)
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return text
    }

    // Of arrays: code for any collection, called from another module, is five times as slow.
    private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var (bits, held): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(alphabet[Int(bits >> held & 63)])
            }
        }
        if held > 0 { text.append(alphabet[Int(bits << (6 - held) & 63)]) }
        return text
    }

    /// Reads base64url without padding; nil for anything that `encodeURL` would not have written.
    ///
    /// The unused bits of the last character must be 0: otherwise one signature would have several spellings.
    public static func decodeURL(_ text: some Collection<UInt8>) -> [UInt8]? { decode(Array(text), urlValues) }

    /// Reads base64 with its padding, as strictly.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = UInt8(ascii: "=")
        let count = text.suffix(2).reversed().prefix { $0 == padding }.count
        return decode(Array(text.dropLast(count)), standardValues)
    }

    private static func decode(_ text: [UInt8], _ values: [UInt8]) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var (bits, held): (UInt32, UInt32) = (0, 0)
        for character in text {
            let value = values[Int(character)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        return bits & (1 << held - 1) == 0 ? bytes : nil
    }

    private static let standardValues = values(of: standard)
    private static let urlValues = values(of: url)

    private static func values(of alphabet: [UInt8]) -> [UInt8] {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }
}
