// SPDX-License-Identifier: Apache-2.0

/// Textual encoding of one object (RFC 7468).
public enum PEM {
    /// The object under a label: 64 characters a line, as section 2 wants of whoever writes it.
    public static func encode(_ bytes: [UInt8], label: String) -> [UInt8] {
        let text = Base64.encode(bytes)
        var result = Array("-----BEGIN \(label)-----\n".utf8)
        for start in stride(from: 0, to: text.count, by: 64) {
            result += text[start..<min(start + 64, text.count)] + [UInt8(ascii: "\n")]
        }
        return result + Array("-----END \(label)-----\n".utf8)
    }

    /// The objects under a label, in order. Text outside of them is passed over (section 2), other labels too; nil where one
    /// does not end, or holds no base64.
    public static func decode(_ text: [UInt8], label: String) -> [[UInt8]]? {
        var objects: [[UInt8]] = []
        var content: [UInt8]?
        for line in text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = trimmed(line)
            if line.elementsEqual("-----BEGIN \(label)-----".utf8) {
                guard content == nil else { return nil }
                content = []
            } else if line.elementsEqual("-----END \(label)-----".utf8) {
                guard let body = content, let object = Base64.decode(body) else { return nil }
                objects.append(object)
                content = nil
            } else {
                content?.append(contentsOf: line)
            }
        }
        return content == nil ? objects : nil
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let last = line.lastIndex(where: { !isSpace($0) }) else { return [] }
        return line[...last].drop(while: isSpace)
    }
}
