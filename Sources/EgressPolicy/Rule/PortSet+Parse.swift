// SPDX-License-Identifier: Apache-2.0

extension PortSet {
    /// Reads ports as rules write them: numbers and ranges between commas, such as `80,443,8000-8010`.
    ///
    /// - Throws: ``RuleError`` of code ``RuleError/Code/badPort``.
    public static func parse(_ text: some StringProtocol) throws(RuleError) -> PortSet {
        guard !text.isEmpty else {
            throw RuleError(.badPort, input: text, hint: "a port is missing: drop the colon to mean every port")
        }
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let low = try port(ends[0], of: text)
            let high = ends.count == 2 ? try port(ends[1], of: text) : low
            guard low <= high else {
                throw RuleError(.badPort, input: text, hint: "a range of ports begins with the lower: \(high)-\(low)")
            }
            ranges.append(low...high)
        }
        return PortSet(ranges: ranges)
    }

    private static func port(_ text: some StringProtocol, of whole: some StringProtocol) throws(RuleError) -> UInt16 {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy({ $0.decimalDigit != nil }) else {
            let example = "such as 443, 80,443 or 8000-8010"
            throw RuleError(.badPort, input: whole, hint: "a port is a number from 1 to 65535, \(example)")
        }
        guard digits.first != UInt8(ascii: "0") else {
            let hint = digits.count == 1 ? "port 0 cannot be reached" : "a port is written without leading zeros"
            throw RuleError(.badPort, input: whole, hint: hint)
        }
        guard let port = UInt16(text) else {
            throw RuleError(.badPort, input: whole, hint: "a port is a number from 1 to 65535")
        }
        return port
    }
}
