// SPDX-License-Identifier: Apache-2.0

/// The name of a secret in a vault, and never its value: `vault:NAME` or `vault:PATH#FIELD`.
public struct SecretReference: Hashable, Sendable {
    /// The name or path: 1 to 128 of `A-Z a-z 0-9 . _ - /`, in segments between slashes that are neither empty nor dots.
    public let name: String
    /// The field of a secret that has several: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    public let field: String?

    /// What stands before the name in the text form.
    public static let prefix = "vault:"
    /// The longest name, in bytes.
    public static let maximumNameLength = 128
    /// The longest field, in bytes.
    public static let maximumFieldLength = 64

    /// Reads the text form, `vault:` included.
    public init(_ text: some StringProtocol) throws(SecretReferenceError) {
        guard text.utf8.starts(with: Self.prefix.utf8) else { throw .missingPrefix }
        let rest = text.utf8.dropFirst(Self.prefix.utf8.count).prefix(
            Self.maximumNameLength + Self.maximumFieldLength + 2
        )
        let parts = rest.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
        try self.init(
            name: String(decoding: parts.first ?? rest, as: UTF8.self),
            field: parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil
        )
    }

    /// Checks a name and a field.
    public init(name: String, field: String? = nil) throws(SecretReferenceError) {
        guard (1...Self.maximumNameLength).contains(name.utf8.count) else { throw .badName }
        for segment in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard Self.isWord(segment) else { throw .badName }
        }
        if let field {
            guard field.utf8.count <= Self.maximumFieldLength, Self.isWord(field.utf8) else { throw .badField }
        }
        self.name = name
        self.field = field
    }

    /// Letters, digits and `. _ -`, and not only dots: `..` leads elsewhere in every store with paths.
    private static func isWord(_ bytes: some Collection<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        return bytes.contains { $0 != dot }
            && bytes.allSatisfy {
                $0.isASCIILetterOrDigit || $0 == dot || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }
}

extension SecretReference: CustomStringConvertible {
    /// The text form, which ``init(_:)`` reads back.
    public var description: String { Self.prefix + name + (field.map { "#\($0)" } ?? "") }
}

/// Why a text is no ``SecretReference``.
public enum SecretReferenceError: Error, Hashable, Sendable {
    /// `vault:` does not stand first.
    case missingPrefix
    /// The name is empty, too long, or holds something else than it may.
    case badName
    /// The field is empty, too long, or holds something else than it may.
    case badField
}

extension SecretReferenceError: CustomStringConvertible {
    /// One clause that says what to write instead; without the text, which might be the secret itself.
    public var description: String {
        switch self {
        case .missingPrefix: "a secret is named as vault:NAME"
        case .badName:
            "the name after 'vault:' has 1 to \(SecretReference.maximumNameLength) letters, digits, '.', '_', '-' and '/' between them"
        case .badField:
            "the field after '#' has 1 to \(SecretReference.maximumFieldLength) letters, digits, '.', '_' and '-'"
        }
    }
}

extension UInt8 {
    /// Whether this is a letter or digit of ASCII.
    var isASCIILetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            false
        }
    }
}
