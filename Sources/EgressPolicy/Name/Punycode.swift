// SPDX-License-Identifier: Apache-2.0

/// International labels (RFC 3492), as far as it takes to tell which ones a browser would not take as a name.
enum Punycode {
    /// Whether a label in lower case is plain ASCII, or decodes to a text that may stand in a name (UTS 46, validity criteria).
    ///
    /// The criteria are told by the properties that Swift knows: one refused here may yet be admitted by a table of IDNA, and
    /// the other way round for scalars that are newer than the table of whoever reads it.
    static func isSound(_ label: ArraySlice<UInt8>) -> Bool {
        guard label.starts(with: "xn--".utf8) else { return true }
        guard let text = decode(label.dropFirst(4)), let first = text.first else { return false }
        // Without a scalar outside ASCII the label would be its own plain form.
        guard text.contains(where: { !$0.isASCII }), text.allSatisfy(isAdmitted) else { return false }
        return !isMark(first)
    }

    private static func isAdmitted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            // U+200C and U+200D join letters of some scripts.
            return scalar == "\u{200c}" || scalar == "\u{200d}"
        default:
            // U+00DF and U+03C2 are kept as they are ("deviations"); what else would be mapped is written as mapped.
            return !scalar.properties.changesWhenNFKCCaseFolded || scalar == "\u{df}" || scalar == "\u{3c2}"
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// RFC 3492, section 6.2; nil for what encodes nothing.
    static func decode(_ encoded: ArraySlice<UInt8>) -> [Unicode.Scalar]? {
        let hyphen = encoded.lastIndex(of: UInt8(ascii: "-"))
        var text = encoded[..<(hyphen ?? encoded.startIndex)].map { Unicode.Scalar($0) }
        var rest = encoded[(hyphen.map { $0 + 1 } ?? encoded.startIndex)...]
        var (value, index, bias) = (128 as UInt32, 0 as UInt32, 72 as UInt32)
        while !rest.isEmpty {
            guard let distance = number(&rest, bias: bias) else { return nil }
            let count = UInt32(truncatingIfNeeded: text.count + 1)
            let (sum, overflows) = index.addingReportingOverflow(distance)
            let (next, overflowsToo) = value.addingReportingOverflow(sum / count)
            guard !overflows, !overflowsToo, let scalar = Unicode.Scalar(next) else { return nil }
            bias = adapted(distance, count, isFirst: index == 0)
            value = next
            index = sum % count
            text.insert(scalar, at: Int(index))
            index += 1
        }
        return text
    }

    /// One number of variable length.
    private static func number(_ rest: inout ArraySlice<UInt8>, bias: UInt32) -> UInt32? {
        var (number, weight, step) = (0 as UInt32, 1 as UInt32, 36 as UInt32)
        while let digit = rest.popFirst().flatMap(digit) {
            let (product, overflows) = digit.multipliedReportingOverflow(by: weight)
            let (sum, overflowsToo) = number.addingReportingOverflow(product)
            guard !overflows, !overflowsToo else { return nil }
            number = sum
            let threshold = step <= bias ? 1 : min(step - bias, 26)
            if digit < threshold { return number }
            let (next, isTooMuch) = weight.multipliedReportingOverflow(by: 36 - threshold)
            guard !isTooMuch else { return nil }
            weight = next
            step += 36
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 26
        default: nil
        }
    }

    /// RFC 3492, section 6.1.
    private static func adapted(_ difference: UInt32, _ count: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? difference / 700 : difference / 2
        delta += delta / count
        var bias: UInt32 = 0
        while delta > 455 {
            delta /= 35
            bias += 36
        }
        return bias + 36 * delta / (delta + 38)
    }
}
