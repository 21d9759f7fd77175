// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a ``Host``.
public enum HostError: Error, Hashable, Sendable {
    /// There is no text.
    case empty
    /// The text has bytes outside ASCII.
    case notASCII
    /// The name is longer than 253 bytes.
    case tooLong
    /// Two dots follow one another, or a dot stands first.
    case emptyLabel
    /// A label is longer than 63 bytes.
    case labelTooLong
    /// A byte is no letter, digit, hyphen or underscore.
    case invalidCharacter(Unicode.Scalar)
    /// A label begins or ends with a hyphen.
    case hyphenAtEdge
    /// The text is an address, or some resolver would read it as one.
    case address
}

extension HostError: CustomStringConvertible {
    /// One sentence that says what to write instead.
    public var description: String {
        switch self {
        case .empty: "a name is needed, such as example.com"
        case .notASCII: "names are ASCII: write an international name in punycode, such as xn--bcher-kva.example"
        case .tooLong: "a name has at most 253 bytes"
        case .emptyLabel: "a label between two dots is empty"
        case .labelTooLong: "a label between two dots has at most 63 bytes"
        case .invalidCharacter(let scalar):
            "a name has letters, digits, hyphens and underscores, not '\(scalar.escaped(asASCII: true))'"
        case .hyphenAtEdge: "a label neither begins nor ends with a hyphen"
        case .address: "this is a number or an address, not a name"
        }
    }
}
