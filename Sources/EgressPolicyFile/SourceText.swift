// SPDX-License-Identifier: Apache-2.0

/// The bytes of a policy file, checked to be text that has one reading.
///
/// A parser that sees UTF-16, NULs, control characters or broken UTF-8 may read something else than the editor or
/// the reviewer did. They are refused here, before the YAML parser, so that the answer does not depend on its version.
struct SourceText {
    /// The largest file that is read. 100,000 rules take about 3 MiB.
    static let maximumSize = 8 << 20

    /// Valid UTF-8 without a byte order mark.
    let bytes: [UInt8]

    init(checking input: [UInt8]) throws(Problem) {
        if input.count > Self.maximumSize {
            throw Problem("the file is larger than \(Self.maximumSize >> 20) MiB")
        }
        let asUTF8 = "save the file as UTF-8"
        if input.starts(with: [0xff, 0xfe]) || input.starts(with: [0xfe, 0xff]) {
            throw Problem("the file is UTF-16", at: Mark(line: 1, column: 1), hint: asUTF8)
        }
        // A byte order mark of UTF-8 says nothing and some editors write it.
        bytes = Array(input.dropFirst(input.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0))

        var mark = Mark(line: 1, column: 1)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: break decoding
            case .error: throw Problem("a byte is not UTF-8", at: mark, hint: asUTF8)
            case .scalarValue("\n"): mark = Mark(line: mark.line + 1, column: 1)
            case .scalarValue("\u{0}"):
                throw Problem("the file holds a NUL byte", at: mark, hint: "is it UTF-16 or binary? " + asUTF8)
            case .scalarValue(let scalar):
                guard Self.isText(scalar) else {
                    let code = String(scalar.value, radix: 16, uppercase: true)
                    let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
                    throw Problem("the file holds the invisible character U+\(padded)", at: mark)
                }
                mark.column += 1
            }
        }
    }

    /// YAML 1.2 section 5.1, `c-printable`, less what moves text about: bidirectional controls (CVE-2021-42574) and
    /// the line breaks that YAML 1.1 counts and editors do not (NEL, LS, PS).
    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0d, 0x20...0x7e: true
        case 0x202a...0x202e, 0x2066...0x2069, 0x2028, 0x2029: false
        case 0xfffe, 0xffff, 0xfeff: false
        default: scalar.value >= 0xa0
        }
    }
}
