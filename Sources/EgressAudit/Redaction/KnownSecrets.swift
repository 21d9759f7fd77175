// SPDX-License-Identifier: Apache-2.0

/// Values that must not be seen, in all the forms in which they may be met; made once, and used by any number of
/// `Redactor`s.
///
/// The forms are the value itself, base64 and base64url in each of the three positions that it can have within a longer
/// text, hexadecimal in either case, percent-encoded (what RFC 3986 reserves, and every byte), and escaped for JSON and
/// HTML. Each line of a value of several lines is looked for as well, if it has at least `minimumLineLength` bytes.
///
/// Memory is about 600 bytes for each byte of the values.
public struct KnownSecrets: Sendable {
    /// The shortest value, in bytes. A shorter one is in ordinary text by chance, and to redact it would tell it.
    public static let minimumLength = 4
    /// The longest value, in bytes.
    public static let maximumLength = 16 << 10
    /// The sum of the lengths of all values.
    public static let maximumTotalLength = 128 << 10
    /// The shortest line of a longer value that is looked for by itself.
    public static let minimumLineLength = 16

    let automaton: PatternAutomaton
    let filter: GramFilter
    let isEmpty: Bool

    /// No values: only what looks like a secret is found.
    public init() {
        automaton = PatternAutomaton([])
        filter = GramFilter([])
        isEmpty = true
    }

    /// Values, which are copied in their forms.
    ///
    /// - Throws: When a value is too short or too long, or all together are too long: nothing may be left out in silence.
    public init(_ values: [[UInt8]]) throws(KnownSecretsError) {
        var total = 0
        var forms: Set<[UInt8]> = []
        for (index, value) in values.enumerated() {
            guard value.count >= Self.minimumLength else { throw .tooShort(index: index) }
            guard value.count <= Self.maximumLength else { throw .tooLong(index: index) }
            total += value.count
            guard total <= Self.maximumTotalLength else { throw .tooMany }
            forms.formUnion(SecretForms.all(of: value))
            for line in Self.lines(of: value) { forms.formUnion(SecretForms.all(of: line)) }
        }
        automaton = PatternAutomaton(forms)
        filter = GramFilter(forms)
        isEmpty = forms.isEmpty
    }

    private static func lines(of value: [UInt8]) -> [[UInt8]] {
        let lines = value.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d })
        guard lines.count > 1 else { return [] }
        return lines.filter { $0.count >= minimumLineLength && !$0.starts(with: "-----".utf8) }.map(Array.init)
    }
}

/// Why a value cannot be looked for. It names the value by its place, never by its text.
public enum KnownSecretsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A value has fewer than `KnownSecrets.minimumLength` bytes.
    case tooShort(index: Int)
    /// A value has more than `KnownSecrets.maximumLength` bytes.
    case tooLong(index: Int)
    /// All values have more than `KnownSecrets.maximumTotalLength` bytes.
    case tooMany

    /// The sentence for a person.
    public var description: String {
        switch self {
        case .tooShort(let index):
            "secret \(index + 1) has fewer than \(KnownSecrets.minimumLength) bytes: ordinary text would be redacted"
        case .tooLong(let index): "secret \(index + 1) has more than \(KnownSecrets.maximumLength) bytes"
        case .tooMany: "all secrets together have more than \(KnownSecrets.maximumTotalLength) bytes"
        }
    }
}
