// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 digest, written as OCI does: `sha256:` and 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// A digest of these bytes; nil unless there are 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// The 32 bytes that a hash gave.
    init(sha256 bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads `sha256:` and 64 digits 0-9a-f; anything else, upper case included, is nil.
    public init?(_ text: some StringProtocol) {
        let prefix = "sha256:"
        let text = Array(text.utf8)
        guard text.count == prefix.utf8.count + 64, text.starts(with: prefix.utf8) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text[prefix.utf8.count...] {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        self.bytes = bytes
    }

    /// The form that `init(_:)` reads.
    public var description: String { "sha256:" + hexadecimal }

    /// The 64 digits alone, as sha256sum(1) prints them.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Digest: Codable {
    /// Reads the written form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a digest is 'sha256:' and 64 digits of 0-9 and a-f"
                )
            )
        }
        self = digest
    }

    /// Writes the written form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
