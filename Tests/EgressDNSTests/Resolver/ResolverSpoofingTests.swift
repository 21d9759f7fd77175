// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

/// What a stranger off the path can't know: the spelling of a question and the cookie with it (RFC 5452, RFC 7873).
@Suite struct ResolverSpoofingTests {
    private let good = "www.example.com 30 A 93.184.216.34"
    private let told = "NOERROR www.example.com 30 A 93.184.216.34"
    private let asked = "192.0.2.53 udp www.example.com A"
    private let askedTCP = "192.0.2.53 tcp www.example.com A"

    private func script(_ servers: [String] = ["192.0.2.53"]) throws -> Script {
        try Script(allow: ["www.example.com", "two.example.com"], servers: servers)
    }

    private func spelling(_ script: Script) throws -> String {
        try #require(script.open.last?.query.questions.first).name.description
    }

    private static func fold(_ message: inout DNSMessage) {
        message.questions[0].name = message.questions[0].name.lowercased
    }

    // MARK: Spelling

    @Test func `each query spells the name anew`() throws {
        let script = try script()
        var spellings: [String] = []
        for _ in 0..<200 {
            try script.ask("www.example.com")
            spellings.append(try spelling(script))
            try script.reply("www.example.com 0 A 93.184.216.34")
        }
        #expect(Set(spellings).count > 190)
        #expect(spellings.allSatisfy { $0.lowercased() == "www.example.com" })
        // 13 letters, each of either case about as often.
        for index in "www.example.com".indices where "www.example.com"[index] != "." {
            #expect((60...140).contains(spellings.count { $0[index].isUppercase }), "\(index)")
        }
    }

    @Test func `the worker is told its own spelling, and aliases in lower case`() throws {
        let script = try script()
        try script.ask("wWw.eXaMple.COM")
        let name = try #require(script.open.last).query.questions[0].name
        try script.reply { message in
            let target = DNSName(checkedWire: [3] + Array("CdN".utf8) + name.wire.dropFirst(4))
            message.answers = [
                Record(name: name, ttl: 30, data: .cname(target)),
                Record(name: target, ttl: 30, data: .a(IPv4Address(bits: 0x5db8_d822))),
            ]
        }
        #expect(script.last.questions[0].name.description == "wWw.eXaMple.COM")
        #expect(script.last.answers.map(\.name.description) == ["wWw.eXaMple.COM", "cdn.example.com"])
        #expect(script.last.answers[0].data == .cname(try DNSName("cdn.example.com")))
        #expect(script.last.answers[0].data.text == "CNAME cdn.example.com")
        // From the cache and by the pin in any other.
        #expect(try script.ask("WWW.example.com").hasPrefix("NOERROR WWW.example.com 30 CNAME cdn.example.com"))
        #expect(try script.isPinned("93.184.216.34", "www.example.com"))
        #expect(script.takeSent().count == 1)
    }

    @Test func `a datagram in another spelling is not taken, and the server asked over TCP`() throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(try script.reply("www.example.com 30 A 93.184.216.66", change: Self.fold) == "")
        #expect(script.takeSent() == [asked, askedTCP])
        #expect(try script.reply(good) == told)
        #expect(try !script.isPinned("93.184.216.66", "www.example.com"))
        // The stream had it as it was spelled: the datagram was a stranger's, and nothing is held against the server.
        try script.ask("two.example.com")
        #expect(script.takeSent() == ["192.0.2.53 udp two.example.com A"])
    }

    @Test func `a failure in another spelling is not taken either`() throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(try script.reply("", .nameError, change: Self.fold) == "")
        #expect(script.takeSent() == [asked, askedTCP])
        #expect(try script.reply(good) == told)
    }

    @Test func `a server that folds names over TCP as well is asked over TCP from then on`() throws {
        let script = try script()
        try script.ask("www.example.com")
        try script.reply(good, change: Self.fold)
        #expect(try script.reply(good, change: Self.fold) == told)
        _ = script.takeSent()
        try script.ask("two.example.com")
        #expect(script.takeSent() == ["192.0.2.53 tcp two.example.com A"])
        #expect(try script.reply("two.example.com 30 A 93.184.216.34", change: Self.fold).hasPrefix("NOERROR two"))
    }

    @Test func `a server that folds names and has no TCP is a failure that says so`() throws {
        let script = try script()
        try script.ask("www.example.com")
        try script.reply(good, change: Self.fold)
        #expect(script.fail(.connectionRefused) == "")
        #expect(script.fail(.connectionRefused) == "SERVFAIL [23 dns_resolution_failed]")
        #expect(script.takeSent() == [asked, askedTCP, askedTCP])
        let why = "192.0.2.53: connection refused over TCP; over UDP the name came back in another spelling"
        #expect(script.takeEvents().last?.hasSuffix("(\(why))") == true)
    }

    // MARK: Cookies

    private static let server: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// Our cookie with the server's part.
    private static func sign(_ message: inout DNSMessage, _ server: [UInt8] = server) {
        let data = message.edns?.options.first?.data.prefix(8) ?? []
        message.edns?.options = [EDNS.Option(code: Cookie.optionCode, data: Array(data) + server)]
    }

    private static func unsign(_ message: inout DNSMessage) { message.edns?.options = [] }

    private func cookie(_ script: Script) throws -> Cookie? {
        try #require(script.open.last).query.edns?.options.first.flatMap { Cookie($0) }
    }

    /// A server that has given a cookie, and a further question to it.
    private func signed() throws -> Script {
        let script = try script()
        try script.ask("two.example.com")
        try script.reply("two.example.com 30 A 93.184.216.34") { Self.sign(&$0) }
        try script.ask("www.example.com")
        _ = script.takeSent()
        return script
    }

    @Test func `a cookie of eight octets is sent, and the server's with it once it has given one`() throws {
        let script = try script()
        try script.ask("two.example.com")
        let first = try #require(try cookie(script))
        #expect(first.client.count == 8 && first.server.isEmpty)
        try script.reply("two.example.com 30 A 93.184.216.34") { Self.sign(&$0) }
        try script.ask("www.example.com")
        let second = try #require(try cookie(script))
        #expect(second.client == first.client && second.server == Self.server)
        #expect(try script.reply(good) { Self.sign(&$0, [8, 7, 6, 5, 4, 3, 2, 1, 0]) } == told)
    }

    @Test func `each server has a cookie of its own`() throws {
        let script = try script(["192.0.2.53", "192.0.2.54"])
        try script.ask("www.example.com")
        let first = try #require(try cookie(script))
        try script.reply("", .serverFailure)
        #expect(try #require(try cookie(script)).client != first.client)
    }

    @Test func `a server without cookies is believed without`() throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(try script.reply(good, change: Self.unsign) == told)
        try script.ask("two.example.com")
        #expect(try script.reply("two.example.com 30 A 93.184.216.34") { $0.edns = nil } != "")
    }

    /// Cookies that are not ours: another client's part, and lengths that RFC 7873 forbids.
    static let foreign: [[UInt8]] = [
        Array(repeating: 0, count: 8), Array(repeating: 0, count: 16), [], Array(repeating: 0, count: 41),
    ]

    @Test(arguments: foreign.indices)
    func `a datagram with another cookie is as if it never came`(_ row: Int) throws {
        for script in [try signed(), try script()] {
            try script.ask("www.example.com", client: 2)
            _ = script.takeSent()
            let lie = try script.reply("www.example.com 30 A 93.184.216.66") {
                $0.edns?.options = [EDNS.Option(code: Cookie.optionCode, data: Self.foreign[row])]
            }
            #expect(lie == "" && script.takeSent() == [])
            #expect(try script.reply(good) { Self.sign(&$0) }.contains(told))
            #expect(try !script.isPinned("93.184.216.66", "www.example.com"))
        }
    }

    @Test(arguments: [9, 15])
    func `our cookie with a scrap of a server's is no cookie`(_ length: Int) throws {
        let script = try signed()
        #expect(try script.reply(good) { Self.sign(&$0, Array(repeating: 1, count: length - 8)) } == "")
        #expect(try script.reply(good) { Self.sign(&$0) } == told)
    }

    @Test(arguments: [ResponseCode.noError, .formatError, .serverFailure])
    func `a server that gave a cookie and leaves it out is asked over TCP`(_ code: ResponseCode) throws {
        let script = try signed()
        #expect(try script.reply("www.example.com 30 A 93.184.216.66", code) { $0.edns = nil } == "")
        #expect(script.takeSent() == [askedTCP])
        #expect(try script.reply(good) { Self.sign(&$0) } == told)
        // It was a stranger's: the next datagram needs the cookie all the same.
        script.wait(61)
        try script.ask("www.example.com")
        #expect(try script.reply("www.example.com 30 A 93.184.216.66", change: Self.unsign) == "")
        #expect(script.takeSent() == [asked, askedTCP])
    }

    @Test func `a server that leaves it out over TCP as well gets no more cookies`() throws {
        // A forwarder that keeps answers: the cookie was that of the server behind it.
        let script = try signed()
        try script.reply(good, change: Self.unsign)
        #expect(try script.reply(good, change: Self.unsign) == told)
        script.wait(61)
        try script.ask("www.example.com")
        #expect(try cookie(script) == nil)
        #expect(try script.reply(good) == told)
    }

    @Test func `another cookie over TCP is believed, and ends cookies with that server`() throws {
        let script = try script()
        try script.ask("www.example.com")
        func change(_ message: inout DNSMessage) {
            message.edns?.options = [EDNS.Option(code: Cookie.optionCode, data: Self.foreign[1])]
        }
        #expect(try script.reply(good, change: change) == "")
        script.wait(2)
        #expect(script.takeSent() == [asked, askedTCP])
        #expect(try script.reply(good, change: change) == told)
        try script.ask("two.example.com")
        #expect(try cookie(script) == nil)
    }

    @Test func `after a silence the cookie is left out, and for good if that helped`() throws {
        let script = try script()
        try script.ask("www.example.com")
        script.wait(2)
        #expect(try cookie(script) == nil)
        #expect(try script.reply(good) == told)
        try script.ask("two.example.com")
        #expect(try cookie(script) == nil)
    }

    @Test func `a silence of a server that gave a cookie doesn't take it back`() throws {
        let script = try signed()
        script.wait(2)
        #expect(try cookie(script)?.server == Self.server)
        #expect(try script.reply(good) { Self.sign(&$0) } == told)
    }

    @Test func `a server that demands its cookie gets it, and TCP if that won't do`() throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(try script.reply("", .badCookie) { Self.sign(&$0) } == "")
        #expect(try cookie(script)?.server == Self.server)
        #expect(script.takeSent() == [asked, asked])
        #expect(try script.reply("", .badCookie) { Self.sign(&$0, Array(repeating: 9, count: 32)) } == "")
        #expect(script.takeSent() == [askedTCP])
        #expect(try script.reply(good) { Self.sign(&$0) } == told)
    }

    @Test func `a server that demands its cookie over TCP too is a failure`() throws {
        let script = try script()
        try script.ask("www.example.com")
        for _ in 0..<5 { #expect(try script.reply("", .badCookie) { Self.sign(&$0) } == "") }
        #expect(try script.reply("", .badCookie) { Self.sign(&$0) } == "SERVFAIL [22 dns_resolution_failed]")
        #expect(script.takeEvents().last?.contains("192.0.2.53: answered BADCOOKIE") == true)
    }
}
