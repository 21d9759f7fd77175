// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a rule, and what to write instead.
public struct RuleError: Error, Sendable {
    /// The kinds of mistake.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no text.
        case empty
        /// `*` stands alone, or anywhere but as the whole first label.
        case wildcard
        /// A block or suffix holds far more than any one party owns.
        case overBroad = "over_broad"
        /// A name is no DNS name.
        case invalidName = "invalid_name"
        /// A name has bytes outside ASCII.
        case notASCII = "not_ascii"
        /// An address is misspelled, or spelled in a way that programs read differently.
        case nonCanonicalAddress = "non_canonical_address"
        /// An IPv6 address stands outside brackets, where its last group could be a port.
        case missingBrackets = "missing_brackets"
        /// A zone (`%eth0`) follows an address.
        case zone
        /// The length of a block is no number that fits the family.
        case badPrefixLength = "bad_prefix_length"
        /// A block's address is not its first.
        case hostBitsSet = "host_bits_set"
        /// A port is no number from 1 to 65535, nor a range of them.
        case badPort = "bad_port"
        /// No transport is left, or one is unknown.
        case badProtocol = "bad_protocol"
        /// A URL, path or user name stands where a host belongs.
        case notAHost = "not_a_host"
        /// A loopback rule must name one address and its ports, because it opens the machine's own loopback.
        case loopback
        /// The rule could never match anything.
        case neverMatches = "never_matches"
    }

    /// The kind of mistake.
    public let code: Code

    /// The text which was refused.
    public let input: String

    /// One clause that says what is wrong and what to write instead; it is harmless to print.
    public let hint: String

    /// Makes an error; parts of the input in the hint are escaped and shortened.
    public init(_ code: Code, input: some StringProtocol, hint: String) {
        self.code = code
        self.input = String(input)
        self.hint = Self.harmless(hint, limit: 250)
    }
}

extension RuleError: Equatable {
    /// Two errors are equal when their codes are.
    public static func == (left: RuleError, right: RuleError) -> Bool {
        left.code == right.code
    }
}

extension RuleError: CustomStringConvertible {
    /// The quoted input, shortened and without control characters, and the hint.
    public var description: String {
        "'\(Self.harmless(input, limit: 80))': \(hint)"
    }

    /// A text in at most so many scalars, of which those a terminal would act on are escaped.
    private static func harmless(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars
        let start = scalars.prefix(limit).map { scalar in
            (0x20..<0x7f).contains(scalar.value) ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return start.joined() + (scalars.dropFirst(limit).isEmpty ? "" : "...")
    }
}
