// SPDX-License-Identifier: Apache-2.0

extension SyntaxError {
    static let quotePattern = "quote a name that begins with '*': '*.example.com'"

    /// The error as one message, with a guess at what was meant.
    func explained(in source: SourceText) -> Problem {
        let hint = hint(line: source.text(ofLine: mark.line), previous: source.text(ofLine: mark.line - 1))
        return Problem("not valid YAML: " + problem, at: mark, hint: hint ?? contextHint)
    }

    // libyaml knows what it did not find. These are what people wrote instead.
    private func hint(line: String, previous: String) -> String? {
        if context.hasSuffix("an alias") { return Self.quotePattern }
        // A comment of JSON is text for YAML, and goes on in the next line.
        let words = (previous + " " + line).split { $0 == " " || $0 == "\t" }
        if words.contains(where: { $0.hasPrefix("//") || $0.hasPrefix("/*") }) { return "a comment begins with '#'" }
        if words.contains(where: { $0.hasPrefix("[") && $0.contains("]:") }) {
            return "quote an address in brackets: '[2001:db8::1]:443'"
        }
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "indent with spaces, not with tabs" }
        if let first = line.unicodeScalars.dropFirst(mark.column - 1).first, "@`%".unicodeScalars.contains(first) {
            return "quote text that begins with '\(first)'"
        }
        if problem.hasPrefix("mapping values are not allowed") { return "quote text that holds ': '" }
        return nil
    }

    private var contextHint: String? {
        let begins = " begins on line \(contextMark.line)"
        if context.hasSuffix("flow sequence") { return "the list" + begins }
        if context.hasSuffix("flow mapping") { return "the mapping" + begins }
        if context.hasSuffix("quoted scalar") { return "the quotation" + begins }
        if context.contains("block") { return "is the line indented as those beside it?" }
        return nil
    }
}

extension SourceText {
    /// The text of one line, without its break; empty when there is no such line.
    fileprivate func text(ofLine number: Int) -> String {
        guard number >= 1 else { return "" }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: number, omittingEmptySubsequences: false)
        return number <= lines.count ? String(decoding: lines[number - 1], as: UTF8.self) : ""
    }
}
