// SPDX-License-Identifier: Apache-2.0

extension SyntaxError {
    static let quotePattern = "quote a name that begins with '*': '*.example.com'"

    /// The error as one message, with a guess at what was meant.
    func explained(in source: SourceText) -> Problem {
        Problem("not valid YAML: " + problem, at: mark, hint: hint(source.line(mark.line)))
    }

    private func hint(_ line: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: line, as: UTF8.self)
        let words = text.split { $0 == " " || $0 == "\t" }
        if context.hasSuffix("an alias") { return Self.quotePattern }
        if words.contains(where: { $0.hasPrefix("//") || $0.hasPrefix("/*") }) { return "a comment begins with '#'" }
        if words.contains(where: { $0.hasPrefix("[") && $0.contains("]:") }) {
            return "quote an address in brackets: '[2001:db8::1]:443'"
        }
        if text.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "indent with spaces, not with tabs" }
        if let first = text.unicodeScalars.dropFirst(mark.column - 1).first, "@`%".unicodeScalars.contains(first) {
            return "quote text that begins with '\(first)'"
        }
        return nil
    }
}
