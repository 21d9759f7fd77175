// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Testing

@testable import EgressFleetService

struct AccessTests {
    static let worker = String(repeating: "w", count: 32)
    static let operatorToken = String(repeating: "o", count: 64)

    @Test func `tokens are read with their roles, and known again`() throws {
        let tokens = try AccessTokens(
            parsing: "# fleet\n\nworker \(Self.worker)\r\noperator\t\(Self.operatorToken)\n"
        )
        #expect(tokens.find(Self.worker.utf8)?.role == .worker)
        #expect(tokens.find(Self.operatorToken.utf8)?.role == .operator)
        for other in ["", "w", Self.worker.uppercased(), Self.worker + "w", String(Self.worker.dropLast())] {
            #expect(tokens.find(other.utf8) == nil)
        }
    }

    @Test func `only digests of tokens are kept`() throws {
        let tokens = try AccessTokens(parsing: "worker \(Self.worker)")
        #expect(!String(reflecting: tokens).contains("wwww"))
        #expect(tokens.entries.map(\.digest.count) == [32])
    }

    @Test(arguments: [
        ("", "no token"),
        ("# nothing\n", "no token"),
        ("admin \(worker)", "line 1: expected"),
        ("worker", "line 1: expected"),
        ("worker \(worker) x", "line 1: expected"),
        ("\nworker \(worker.dropLast())", "line 2: a token has 32 to 512"),
        ("worker \(String(repeating: "w", count: 513))", "line 1: a token has 32 to 512"),
        ("worker \(worker)\noperator \(worker)", "line 2: this token stands twice"),
        ("worker \(String(repeating: "é", count: 32))", "line 1: a token holds"),
    ])
    func `a file of tokens that is wrong is refused, without telling a token`(text: String, message: String) {
        let error = #expect(throws: AccessTokenError.self) { try AccessTokens(parsing: text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("wwwwwwww") == false)
    }

    @Test func `a caller has a burst and then its rate, and others have theirs`() {
        let limiter = RateLimiter(perSecond: 2, burst: 3)
        let start = ContinuousClock.now
        let caller = RateLimiter.Caller(token: 0, address: "127.0.0.1")
        for _ in 0..<3 { #expect(limiter.admit(caller, at: start) == nil) }
        #expect(limiter.admit(caller, at: start) == 1)
        #expect(limiter.admit(caller, at: start + .milliseconds(499)) == 1)
        #expect(limiter.admit(caller, at: start + .milliseconds(500)) == nil)
        #expect(limiter.admit(caller, at: start + .milliseconds(500)) == 1)
        #expect(limiter.admit(.init(token: 1, address: "127.0.0.1"), at: start) == nil)
        #expect(limiter.admit(.init(token: 0, address: "127.0.0.2"), at: start) == nil)
        // A long pause gives the burst back, and no more.
        for _ in 0..<3 { #expect(limiter.admit(caller, at: start + .seconds(100)) == nil) }
        #expect(limiter.admit(caller, at: start + .seconds(100)) != nil)
    }

    @Test func `a full table of callers refuses new ones until old ones were quiet`() {
        let limiter = RateLimiter(perSecond: 1, burst: 2, capacity: 100)
        let start = ContinuousClock.now
        for number in 0..<100 { #expect(limiter.admit(.init(token: 0, address: "a\(number)"), at: start) == nil) }
        #expect(limiter.admit(.init(token: 0, address: "new"), at: start) == 1)
        // Those who have an entry go on.
        #expect(limiter.admit(.init(token: 0, address: "a0"), at: start) == nil)
        #expect(limiter.admit(.init(token: 0, address: "new"), at: start + .milliseconds(1999)) == nil)
        #expect(limiter.count == 2)
    }

    @Test func `a session is known until it expires, and unchanged only`() throws {
        let sessions = Sessions(isSecure: true)
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let header = sessions.begin(at: now)
        #expect(header.hasPrefix("__Host-egress-fleet="))
        #expect(header.hasSuffix("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"))
        let cookie = String(header.prefix { $0 != ";" })
        let later = { (seconds: UInt64) in Timestamp(milliseconds: now.milliseconds + seconds * 1000) }
        #expect(sessions.isOpen("a=b; \(cookie); c=d", at: later(28_799)))
        #expect(!sessions.isOpen(cookie, at: later(28_800)))
        #expect(!sessions.isOpen(nil, at: now))
        #expect(!Sessions(isSecure: true).isOpen(cookie, at: now))
        #expect(!Sessions(isSecure: false).isOpen(cookie, at: now))
        let extended = cookie.replacing("1800028800", with: "1900028800")
        #expect(extended != cookie && !sessions.isOpen(extended, at: now))
        let name = "__Host-egress-fleet="
        for broken in [cookie + "0", String(cookie.dropLast()), name, name + "1.", "x" + cookie] {
            #expect(!sessions.isOpen(broken, at: now), "\(broken)")
        }
    }
}
