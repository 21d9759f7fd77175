// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import Testing

@testable import EgressAudit

private let moment = Timestamp(milliseconds: 1_800_000_000_123)

private func line(_ event: AuditEvent) -> String {
    var line = JSONLine()
    line.set(event)
    return String(decoding: line.bytes, as: UTF8.self)
}

struct AuditLogTests {
    @Test func `a connection's line has all that is known of it`() throws {
        let rule = try Rule.parse(".example.com:443")
        var event = AuditEvent(.close, Verdict(.allowed, rule: rule), at: moment)
        event.host = "api.example.com"
        event.address = IPAddress("2001:db8::7")
        event.port = 443
        event.transport = .tcp
        event.bytesSent = 0
        event.bytesReceived = .max
        #expect(
            line(event) == #"{"time":"2027-01-15T08:00:00.123Z","event":"close","decision":"allow","reason":"allowed","#
                + #""rule":".example.com:443","host":"api.example.com","address":"2001:db8::7","port":443,"#
                + #""protocol":"tcp","bytes_sent":0,"bytes_received":18446744073709551615}"# + "\n"
        )
    }

    @Test func `a name's line has its record type and addresses`() throws {
        var event = AuditEvent(.name, Verdict(.allowed), at: moment)
        event.host = "example.com"
        event.recordType = "A"
        event.addresses = ["192.0.2.1", "192.0.2.2"].compactMap { IPAddress($0) }
        #expect(
            line(event) == #"{"time":"2027-01-15T08:00:00.123Z","event":"name","decision":"allow","reason":"allowed","#
                + #""host":"example.com","record_type":"A","addresses":["192.0.2.1","192.0.2.2"]}"# + "\n"
        )
    }

    @Test func `a secret in what a program is called or in a detail is not written`() {
        var event = AuditEvent(.connect, at: moment)
        event.caller = Caller(name: "deploy --password=Tr0ub4dor-and-3")
        event.detail = "Authorization: Bearer 9f86d081884c7d659a2feaa0c55ad015"
        let line = line(event)
        #expect(!line.contains("Tr0ub4dor"), "\(line)")
        #expect(!line.contains("9f86d081884c7d659a2feaa0c55ad015"), "\(line)")
        #expect(line.contains("deploy --password="), "\(line)")
    }

    /// What a log of so many bytes holds when it was given `count` connections and an exit.
    private func log(limit: UInt64?, count: Int) throws -> (lines: [String], bytes: Int, isFull: Bool, lost: UInt64) {
        let path = "/tmp/egress-audit-\(getpid())-\(limit ?? 0)-\(count)"
        let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        unsafe unlink(path)
        defer { close(file) }
        var tapped = 0
        var log = AuditLog(descriptor: file, limit: limit) { tapped += $0.count }
        for number in 0..<count {
            var event = AuditEvent(.connect, Verdict(.allowed), at: moment)
            event.host = "host\(number).example.com"
            try log.write(event)
        }
        try log.write(AuditEvent(.exit, at: moment))
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let length = unsafe pread(file, &bytes, bytes.count, 0)
        #expect(tapped == length, "the tap has what the file has")
        let lines = String(decoding: bytes.prefix(length), as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines, length, log.isFull, log.lostEvents)
    }

    @Test(arguments: [4096, 10_000, 65_536] as [UInt64])
    func `a log that reaches its limit says so, and tells the end all the same`(_ limit: UInt64) throws {
        let (lines, bytes, isFull, lost) = try log(limit: limit, count: 2000)
        #expect(bytes <= limit)
        #expect(bytes + 2 * Int(AuditLog.reserve) > limit, "and not long before")
        #expect(isFull)
        #expect(lines.count { $0.contains(#""event":"limit""#) } == 1)
        #expect(lines.suffix(2).first?.contains("its limit of \(limit) bytes") == true)
        #expect(lines.last?.contains(#""event":"exit""#) == true)
        #expect(Int(lost) == 2000 - (lines.count - 2), "what was kept out is counted")
    }

    @Test(arguments: [nil, 1 << 20] as [UInt64?])
    func `a log below its limit, or without one, is whole`(_ limit: UInt64?) throws {
        let (lines, _, isFull, lost) = try log(limit: limit, count: 2000)
        #expect(lines.count == 2001)
        #expect(!isFull && lost == 0)
    }

    @Test func `where nothing was decided no decision is written`() {
        var event = AuditEvent(.exit, at: moment)
        event.status = -1
        #expect(line(event) == #"{"time":"2027-01-15T08:00:00.123Z","event":"exit","status":-1}"# + "\n")
    }

    // RFC 8259, section 7; CWE-117 and CWE-150.
    @Test(arguments: [
        (#"plain.example"#, #"plain.example"#),
        (#"a"b\c/d"#, #"a\"b\\c/d"#),
        ("\u{0}\u{1f}\u{7f}", #"\u0000\u001f\u007f"#),
        ("one\ntwo\r\tthree", #"one\u000atwo\u000d\u0009three"#),
        ("\u{1b}]0;title\u{7}\u{9b}2J", #"\u001b]0;title\u0007\u009b2J"#),
        ("b\u{fc}cher", #"b\u00fccher"#),
        ("\u{202e}\u{2028}\u{feff}", #"\u202e\u2028\ufeff"#),
        ("\u{1f600}", #"\ud83d\ude00"#),
        ("\u{10ffff}", #"\udbff\udfff"#),
        (String(decoding: [0x61, 0xff, 0x62] as [UInt8], as: UTF8.self), #"a\ufffdb"#),
        // A lone surrogate in UTF-8 (CESU): not a character, and three times not a byte of one.
        (String(decoding: [0xed, 0xa0, 0x80] as [UInt8], as: UTF8.self), #"\ufffd\ufffd\ufffd"#),
        ("", ""),
    ])
    func `nothing but printable ASCII is written`(text: String, escaped: String) {
        var event = AuditEvent(.name, at: moment)
        event.host = text
        #expect(line(event).contains(#""host":"\#(escaped)"}"#))
    }

    @Test func `a buffer that is used again holds nothing of the last line`() {
        var buffer = JSONLine()
        var event = AuditEvent(.name, at: moment)
        event.host = String(repeating: "x", count: 500)
        buffer.set(event)
        buffer.set(AuditEvent(.start, at: moment))
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == line(AuditEvent(.start, at: moment)))
    }

    @Test(arguments: [0, 1, 9, 10, 1_234_567_890, UInt64.max])
    func `a number is written in decimal`(number: UInt64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == String(number))
    }
}

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),  // 2000 is a leap year, 2100 is not.
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)]
    )
    func `a moment is written as RFC 3339 says`(milliseconds: UInt64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test func `every day of eight centuries is the one gmtime_r says`() {
        for day in stride(from: 0, to: 800 * 366, by: 1) {
            var seconds = day * 86_400
            var parts = unsafe tm()
            unsafe gmtime_r(&seconds, &parts)
            var expected: [UInt8] = []
            unsafe expected.append(decimal: parts.tm_year + 1900, width: 4)
            expected.append(UInt8(ascii: "-"))
            unsafe expected.append(decimal: parts.tm_mon + 1, width: 2)
            expected.append(UInt8(ascii: "-"))
            unsafe expected.append(decimal: parts.tm_mday, width: 2)
            var bytes: [UInt8] = []
            Timestamp(milliseconds: UInt64(seconds) * 1000).append(to: &bytes)
            guard bytes.starts(with: expected) else {
                Issue.record("day \(day) is written as \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }

    @Test func `no number of milliseconds traps`() {
        #expect(Timestamp(milliseconds: .max).description.hasSuffix("Z"))
    }

    @Test func `now is after this was written`() {
        #expect(Timestamp.now() > Timestamp(milliseconds: 1_760_000_000_000))
    }
}
