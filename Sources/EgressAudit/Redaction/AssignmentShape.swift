// SPDX-License-Identifier: Apache-2.0

/// Values that are given to names like `password` and `api_key`: in settings, programs, JSON, YAML, XML, URLs, command
/// lines and logs. The name is kept.
///
/// Programs are full of such names, and of values that are none: types, calls, other names. How much a value must look like
/// a secret depends on what stands around it.
struct AssignmentShape {
    private let kind: RedactionKind

    init(_ kind: RedactionKind) {
        self.kind = kind
    }

    /// A name within which a sensitive word ends at `end`.
    func match(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        guard let nameEnd = try nameEnd(&sight, end) else { return .none }
        guard let (context, start) = try separator(&sight, nameEnd) else { return .none }
        if let quote = try openingQuote(&sight, start) { return try quoted(&sight, quote) }
        let match = try unquoted(&sight, start, context)
        if case .none = match, context == .colon || context == .field { return try afterType(&sight, start) }
        return match
    }

    private enum Context {
        case equals
        case colon
        /// `?token=…`
        case query
        /// `TOKEN=…`
        case environment
        /// `token: …` at the beginning of a line
        case field
        /// `token=…` at the beginning of a line
        case property
        /// `… token=…`, without blanks
        case adjacent
        /// `token = …` at the beginning of a line, as in settings and programs alike
        case statement
        /// `--token …`
        case option
        /// `<token>…</token>`
        case element
    }

    /// Words at the end of a name that mean something about a secret, and not the secret.
    private static let harmless = ShortWord.all(
        """
        count type limit limits length len size name names file path dir url uri endpoint expiry expires \
        expires_in expiresin ttl at index policy field label hint placeholder prefix usage budget min max \
        required enabled kind class manager store ref arn version style description algorithm format \
        provider reset error errors source regex pattern scope scopes status service issuer audience fixture \
        fixtures example id
        """
    )

    /// Where the name ends, if it is one that ends like a name of a secret: `token`, `tokens`, `token_v2`, `secretAccessKey`.
    private func nameEnd(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> Int? {
        let run = try sight.run(of: .key, from: end)
        guard run.end - end <= 48 else { return nil }
        var suffix = sight.bytes[end..<run.end]
        if let first = suffix.first, first.folded == UInt8(ascii: "s"),
            !(suffix.dropFirst().first?.isIn(.lower) ?? false)
        {
            suffix = suffix.dropFirst()
        }
        if let first = suffix.first, first.isIn(.letter) {
            guard first.isIn(.upper), sight.bytes[suffix.startIndex - 1].isIn(.lower) else { return nil }
        }
        let isHarmless = !suffix.isEmpty && Self.harmless.contains { $0.ends(suffix) }
        guard !isHarmless else { return nil }
        return run.end
    }

    /// What stands between the name and the value, and where the value begins.
    private func separator(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> (Context, Int)? {
        var index = end
        let closing = try sight.quote(at: index)
        if let closing { index = closing.end }
        let afterName = index
        index = try sight.skippingBlanks(index)
        guard let sign = try sight.byte(index) else { return nil }
        let next = try sight.byte(index + 1)
        let name = nameStart(sight)
        switch sign {
        case UInt8(ascii: "="):
            if next == sign || next == UInt8(ascii: "~") { return nil }
            if isParameter(sight, name) { return (.query, index + 1) }
            if index == end, isVariable(sight, name, end) { return (.environment, index + 1) }
            let isFirst = closing == nil && isAloneBefore(sight, name)
            if isFirst, index == end, !(next?.isIn(.blank) ?? true) { return (.property, index + 1) }
            let start = try sight.skippingBlanks(index + (next == UInt8(ascii: ">") ? 2 : 1))
            if !isFirst, closing == nil, start == end + 1 { return (.adjacent, start) }
            return (isFirst ? .statement : .equals, start)
        case UInt8(ascii: ":"):
            if next == sign { return nil }
            let isField = closing == nil && index == end && isAloneBefore(sight, name)
            let start = try sight.skippingBlanks(index + (next == UInt8(ascii: "=") ? 2 : 1))
            return (isField ? .field : .colon, start)
        case UInt8(ascii: "%"):
            guard try sight.has(Array("%3d".utf8), at: end, folded: true) else { return nil }
            return (.query, end + 3)
        case UInt8(ascii: ">"):
            return index == end && sight.before(name) == UInt8(ascii: "<") ? (.element, end + 1) : nil
        default:
            let isOption = closing == nil && index > afterName && sight.before(name + 1) == UInt8(ascii: "-")
            return isOption ? (.option, index) : nil
        }
    }

    private func nameStart(_ sight: Sight) -> Int {
        var index = sight.origin
        while let byte = sight.before(index), byte.isIn(.key) { index -= 1 }
        return index
    }

    private func isParameter(_ sight: Sight, _ name: Int) -> Bool {
        sight.before(name) == UInt8(ascii: "?") || sight.before(name) == UInt8(ascii: "&")
            || sight.before(name) == UInt8(ascii: ";")
    }

    /// True for a name in capitals at the beginning of a line, or after a word such as `export`.
    private func isVariable(_ sight: Sight, _ name: Int, _ end: Int) -> Bool {
        guard sight.bytes[name..<end].allSatisfy({ $0.isIn([.upper, .digit, .underscore]) }) else { return false }
        guard let byte = sight.before(name) else { return true }
        return byte == .newline || byte.isIn(.blank)
    }

    /// True if only blanks and a hyphen stand before the name in its line.
    private func isAloneBefore(_ sight: Sight, _ name: Int) -> Bool {
        var index = name
        while let byte = sight.before(index), byte.isIn([.blank, .hyphen]) { index -= 1 }
        return sight.before(index).map { $0 == .newline } ?? (index == 0)
    }

    /// An opening quote, after the letters and signs that programs put before one: b"…", @"…".
    private func openingQuote(_ sight: inout Sight, _ start: Int) throws(Sight.Unseen) -> Quote? {
        if let quote = try sight.quote(at: start) { return quote }
        guard let sign = try sight.byte(start), "bBrRfFuU@&".utf8.contains(sign) else { return nil }
        return try sight.quote(at: start + 1)
    }

    private func quoted(_ sight: inout Sight, _ quote: Quote) throws(Sight.Unseen) -> ShapeMatch {
        let run = try sight.run(in: quote)
        let value = SecretValue(sight.bytes, quote.end, run.end)
        guard !value.isPlaceholder, !value.isTypeOrLiteral else { return .none }
        let isSecret =
            kind == .password
            ? value.count >= 4 && value.hasLetterOrDigit
            : value.count >= 8 && value.blanks == 0 && (value.digits > 0 && !value.isNumber || value.isRandom)
        return isSecret ? ShapeMatch(kind, from: quote.end, run, of: .line) : .none
    }

    private func unquoted(_ sight: inout Sight, _ start: Int, _ context: Context) throws(Sight.Unseen) -> ShapeMatch {
        let run = try sight.run(of: .bare, from: start)
        guard run.end > start else { return .none }
        let value = SecretValue(sight.bytes, start, run.end)
        let next = try sight.byte(run.end)
        guard !value.isPlaceholder, !value.isPointer, try isSecret(&sight, value, next, run, context) else {
            return .none
        }
        // In `Server=db;Pwd=…` the semicolon is no part of a URL.
        let isQuery = context == .query && sight.before(nameStart(sight)) != UInt8(ascii: ";")
        return ShapeMatch(isQuery ? .query : kind, from: start, run, of: .bare)
    }

    private func isSecret(
        _ sight: inout Sight,
        _ value: SecretValue,
        _ next: UInt8?,
        _ run: Sight.Run,
        _ context: Context
    ) throws(Sight.Unseen) -> Bool {
        let isPassword = kind == .password
        switch context {
        case .query:
            return value.count >= (isPassword ? 1 : 4)
        case .environment:
            return isPassword ? value.count >= 3 : value.count >= 6 && !value.isNumber
        case .element:
            return next == UInt8(ascii: "<") && value.count >= 4 && (isPassword || value.digits > 0)
        case .option:
            return value.count >= 6 && (value.digits > 0 || value.specials > 0) && !value.startsWithHyphen
        case .field, .property, .statement:
            let rest = try sight.skippingBlanks(run.end)
            let isLineEnd = try sight.byte(rest).map { $0 == .newline || $0 == 0x0d || $0 == UInt8(ascii: "#") } ?? true
            guard isLineEnd, !value.isTypeOrLiteral else {
                return isLineEnd ? false : isPlainSecret(value, next)
            }
            // In a program a name stands there, or a number.
            if context == .statement, value.isNames, !(isPassword && value.digits > 0) { return value.isRandom }
            if isPassword, context == .property { return value.count >= 4 }
            if isPassword { return value.count >= 4 && !(value.startsWithCapital && value.letters == value.count) }
            return value.count >= 8 && (value.digits > 0 && !value.isNumber && !value.isNames || value.isRandom)
        case .adjacent where isPassword && value.digits > 0 && value.count >= 4 && !value.isTypeOrLiteral:
            return next.map { !"([{.".utf8.contains($0) } ?? true
        case .adjacent, .equals, .colon:
            return isPlainSecret(value, next)
        }
    }

    /// True for a value without quotes in any text, that of programs included.
    private func isPlainSecret(_ value: SecretValue, _ next: UInt8?) -> Bool {
        // A call, an element, a type with parameters; an expression.
        if let next, "([{<|&".utf8.contains(next) { return false }
        guard !value.isTypeOrLiteral else { return false }
        if value.isNames {
            return value.isRandom && value.count >= (kind == .password ? 12 : 16)
        }
        if kind == .password { return value.count >= 4 && value.digits > 0 }
        return value.count >= 8 && value.digits > 0 && value.letters > 0 && !value.isNumber
    }

    /// `let password: String = "…"`: the value behind a type.
    private func afterType(_ sight: inout Sight, _ start: Int) throws(Sight.Unseen) -> ShapeMatch {
        var index = start
        while let byte = try sight.byte(index), index - start < 48 {
            if byte == UInt8(ascii: "=") {
                let value = try sight.skippingBlanks(index + 1)
                guard let quote = try openingQuote(&sight, value) else { return .none }
                return try quoted(&sight, quote)
            }
            guard byte.isIn([.word, .blank, .dot, .tokenExtra]) || "?&*<>[]".utf8.contains(byte) else { return .none }
            index += 1
        }
        return .none
    }
}
