// SPDX-License-Identifier: Apache-2.0

extension WebURL {
    /// Resolves a reference, such as the value of a `Location` field, against this URL (RFC 3986, section 5.2).
    ///
    /// The reference is held to the same strictness as a whole URL. Its fragment is its own; this URL's is not passed on.
    ///
    /// - Throws: The reason for which it is denied; an empty reference is an ``Reason/invalidURL``.
    public func resolving(_ reference: [UInt8]) throws(WebURLError) -> WebURL {
        guard let first = reference.first, reference.count <= Self.maximumLength else {
            throw WebURLError(.invalidURL)
        }
        if Self.hasScheme(reference) { return try WebURL(reference) }
        if reference.starts(with: "//".utf8) { return try WebURL(Array("\(scheme):".utf8) + reference) }

        let end = reference.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? reference.endIndex
        var whole = Array("\(scheme)://\(authority)".utf8)
        switch first {
        case UInt8(ascii: "?"): whole += path.utf8
        case UInt8(ascii: "#"): whole += target.utf8
        case Self.slash: whole += Self.withoutDots(reference[..<end])
        default:
            let folder = path.utf8.lastIndex(of: Self.slash).map { Array(path.utf8[...$0]) } ?? [Self.slash]
            whole += Self.withoutDots(folder + reference[..<end])
        }
        return try WebURL(whole + reference[end...])
    }

    /// RFC 3986, section 4.1: a colon before any slash, question or number sign ends a scheme.
    private static func hasScheme(_ reference: [UInt8]) -> Bool {
        let end = reference.firstIndex { endsAuthority($0) || $0 == colon }
        return end.map { reference[$0] == colon } ?? false
    }

    /// RFC 3986, section 5.2.4, with dots that are percent-encoded, as the WHATWG standard has it.
    private static func withoutDots(_ path: some Collection<UInt8>) -> [UInt8] {
        let segments = path.split(separator: slash, omittingEmptySubsequences: false)
        var kept: [[UInt8]] = []
        for (index, segment) in segments.enumerated().dropFirst() {
            let dots = dots(Array(segment))
            if dots == 2, !kept.isEmpty { kept.removeLast() }
            if dots == 0 { kept.append(Array(segment)) }
            if dots > 0, index == segments.count - 1 { kept.append([]) }
        }
        return kept.flatMap { [slash] + $0 }
    }

    /// 1 for `.`, 2 for `..`, 0 for any other segment.
    private static func dots(_ segment: [UInt8]) -> Int {
        var rest = segment[...]
        var count = 0
        while !rest.isEmpty {
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
            } else if rest.count >= 3, rest.starts(with: "%2".utf8),
                rest[rest.startIndex + 2] | 0x20 == UInt8(ascii: "e")
            {
                rest = rest.dropFirst(3)
            } else {
                return 0
            }
            count += 1
            if count > 2 { return 0 }
        }
        return count
    }
}
