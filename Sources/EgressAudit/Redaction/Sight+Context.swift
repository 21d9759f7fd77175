// SPDX-License-Identifier: Apache-2.0

extension Sight {
    /// True if no letter or digit stands before an index, other than the last of an escape such as `\n`, `%3D` or `\u003d`.
    func isWordBoundary(_ index: Int) -> Bool {
        guard let previous = before(index), previous.isIn(.alphanumeric) else { return true }
        return isEscapeEnd(index)
    }

    /// True if an escape of JSON, a shell or a URL ends before an index.
    func isEscapeEnd(_ index: Int) -> Bool {
        guard let last = before(index) else { return false }
        if "nrtbfv0".utf8.contains(last), before(index - 1) == .backslash { return true }
        guard last.hexValue != nil, before(index - 1)?.hexValue != nil else { return false }
        if before(index - 2) == UInt8(ascii: "%") || before(index - 2) == UInt8(ascii: "x") { return true }
        return before(index - 4) == UInt8(ascii: "u") && before(index - 5) == .backslash
    }

    /// The index after spaces and tabs, of which at most eight are skipped.
    func skippingBlanks(_ index: Int) throws(Unseen) -> Int {
        var index = index
        for _ in 0..<8 {
            guard let byte = try byte(index), byte.isIn(.blank) else { break }
            index += 1
        }
        return index
    }

    /// A quote, or an escaped one, at an index; nil if there is none.
    func quote(at index: Int) throws(Unseen) -> Quote? {
        guard let byte = try byte(index) else { return nil }
        if byte.isQuote { return Quote(mark: byte, isEscaped: false, end: index + 1) }
        guard byte == .backslash, let next = try self.byte(index + 1), next.isQuote else { return nil }
        return Quote(mark: next, isEscaped: true, end: index + 2)
    }

    /// Where the text after an opening quote ends: at the quote that closes it or the end of the line.
    mutating func run(in quote: Quote) throws(Unseen) -> Run {
        var index = quote.end
        while true {
            guard let byte = try byte(index) else { return Run(end: index, isWhole: index < origin + Self.window) }
            if byte == .newline || byte == 0x0d { return Run(end: index, isWhole: true) }
            if byte == quote.mark, !quote.isEscaped { return Run(end: index, isWhole: true) }
            if byte == .backslash, let next = try self.byte(index + 1) {
                if quote.isEscaped, next == quote.mark { return Run(end: index, isWhole: true) }
                if next != .newline { index += 1 }
            }
            index += 1
        }
    }

    /// Where the value of a header ends: at the quote around the header, at an escaped line end, or at the end of the line.
    mutating func headerRun(from index: Int, in quote: Quote?) throws(Unseen) -> Run {
        if let quote {
            var moved = quote
            moved.end = index
            return try run(in: moved)
        }
        var index = index
        while let byte = try byte(index), byte != .newline, byte != 0x0d {
            if byte == .backslash, let next = try self.byte(index + 1),
                next == UInt8(ascii: "n") || next == UInt8(ascii: "r")
            {
                return Run(end: index, isWhole: true)
            }
            index += 1
        }
        return Run(end: index, isWhole: index < origin + Self.window)
    }

    /// The quote that stands before an index.
    func quoteBefore(_ index: Int) -> Quote? {
        guard let byte = before(index), byte.isQuote else { return nil }
        return Quote(mark: byte, isEscaped: before(index - 1) == .backslash, end: index)
    }
}

/// The beginning of a text in quotes.
struct Quote {
    var mark: UInt8
    /// True for `\"`, within a text that is quoted itself.
    var isEscaped: Bool
    /// The index after it.
    var end: Int
}
