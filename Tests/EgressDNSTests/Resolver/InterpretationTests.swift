// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct InterpretationTests {
    /// The response (records of the answer, then those of the authority section behind `--`), and what it says about
    /// `www.example.com A` with at most four aliases.
    static let table: [(String, ResponseCode, String)] = [
        ("www.example.com 300 A 192.0.2.1", .noError, "300: A 192.0.2.1"),
        ("WWW.EXAMPLE.COM 300 A 192.0.2.1", .noError, "300: A 192.0.2.1"),
        // The least lifetime counts, repeats do not.
        ("www.example.com 300 A 192.0.2.1; www.example.com 20 A 192.0.2.1", .noError, "20: A 192.0.2.1"),
        // Aliases in any order (RFC 1034, section 3.6.2).
        (
            "b.example.net 9 A 192.0.2.1; a.example.net 50 CNAME b.example.net; www.example.com 300 CNAME a.example.net",
            .noError, "9: a.example.net > b.example.net > A 192.0.2.1"
        ),
        (
            "www.example.com 5 CNAME a.example.net; a.example.net 50 A 192.0.2.1", .noError,
            "5: a.example.net > A 192.0.2.1"
        ),
        // Records for other names, of other types: as if they were not there (cache poisoning, CVE-2008-1447 and older).
        ("evil.example 300 A 192.0.2.66 -- example.com 300 NS ns.evil.example", .noError, "0: nothing"),
        ("www.example.com 300 AAAA 2001:db8::1", .noError, "0: nothing"),
        (
            "www.example.com 300 A 192.0.2.1; evil.example 1 A 192.0.2.66", .noError,
            "300: A 192.0.2.1"
        ),
        // Only the end of the aliases is asked about further.
        ("www.example.com 300 CNAME a.example.net", .noError, "300: a.example.net > ask"),
        ("www.example.com 300 CNAME a.example.net; evil.example 1 A 192.0.2.66", .noError, "300: a.example.net > ask"),
        // RFC 2308, sections 2.1 and 2.2.
        ("-- example.com 900 SOA 60", .noError, "60: nothing"),
        ("-- example.com 30 SOA 60", .noError, "30: nothing"),
        ("-- example.com 900 SOA 60", .nameError, "60: no such name"),
        ("", .nameError, "0: no such name"),
        ("www.example.com 10 CNAME a.example.net -- example.net 900 SOA 60", .noError, "10: a.example.net > nothing"),
        (
            "www.example.com 100 CNAME a.example.net -- example.net 900 SOA 60", .nameError,
            "60: a.example.net > no such name"
        ),
        // NXDOMAIN with an address: the code wins.
        ("www.example.com 300 A 192.0.2.1", .nameError, "0: no such name"),
        // Circles, two targets, too far.
        ("www.example.com 1 CNAME www.example.com", .noError, "aliases lead in a circle or too far"),
        (
            "www.example.com 1 CNAME a.example.net; a.example.net 1 CNAME WWW.example.com", .noError,
            "aliases lead in a circle or too far"
        ),
        (
            "www.example.com 1 CNAME a.example.net; www.example.com 1 CNAME b.example.net", .noError,
            "aliases lead in a circle or too far"
        ),
        (
            "www.example.com 1 CNAME a.x; a.x 1 CNAME b.x; b.x 1 CNAME c.x; c.x 1 CNAME d.x; d.x 1 CNAME e.x; e.x 1 A 192.0.2.1",
            .noError, "aliases lead in a circle or too far"
        ),
        ("", .serverFailure, "answered SERVFAIL"),
        ("www.example.com 300 A 192.0.2.1", .refused, "answered REFUSED"),
        // A referral of a server that does not recurse.
        ("-- example.com 300 NS ns.example.net", .noError, "0: nothing"),
    ]

    @Test(arguments: table.indices)
    func `a response says`(_ row: Int) throws {
        let (records, code, expected) = Self.table[row]
        let interpretation = try interpret(records, code)
        #expect(describe(interpretation) == expected, "\(records)")
    }

    @Test func `a referral of a server that does not recurse is a failure`() throws {
        let interpretation = try interpret("-- example.com 300 NS ns.example.net", .noError, recursion: false)
        #expect(describe(interpretation) == "does not resolve names for others")
    }

    @Test func `records of other classes are nobody's answer`() throws {
        var message = DNSMessage(id: 1)
        let name = try DNSName("www.example.com")
        message.recursionAvailable = true
        message.answers = [Record(name: name, recordClass: 3, ttl: 9, data: .opaque(.a, [192, 0, 2, 1]))]
        #expect(describe(Interpretation(message, name: name, type: .a, aliasLimit: 4)) == "0: nothing")
    }

    private func interpret(_ text: String, _ code: ResponseCode, recursion: Bool = true) throws -> Interpretation {
        var message = DNSMessage(id: 1)
        message.responseCode = code
        message.recursionAvailable = recursion
        (message.answers, message.authorities) = try Record.sections(text)
        return Interpretation(message, name: try DNSName("www.example.com"), type: .a, aliasLimit: 4)
    }

    private func describe(_ interpretation: Interpretation) -> String {
        switch interpretation {
        case .failure(let failure):
            return failure.description
        case .incomplete(let aliases, let lifetime):
            return "\(lifetime): " + (aliases.map(\.description) + ["ask"]).joined(separator: " > ")
        case .answer(let answer):
            let end =
                answer.exists
                ? answer.data.isEmpty ? "nothing" : answer.data.map(\.text).joined(separator: ", ") : "no such name"
            return "\(answer.lifetime): " + (answer.aliases.map(\.description) + [end]).joined(separator: " > ")
        }
    }
}
