// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import TestSupport
import Testing

@Suite struct TextPropertyTests {
    static let pieces = [
        "a", "example", "com", "*", ".", "..", ":", "::", "/", "[", "]", "-", "_", "%", "@", "443", "0", "0x7f",
        "10.0.0.1",
        "fe80::1", "ffff", "/8", "/tcp", "/private", "://", ",", "é", "\0", "\n", " ", "65536", "99999999999999999999",
        "🇫🇷", "ﬀ",
    ]

    private func text(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in random.pick(Self.pieces) }.joined()
    }

    @Test func `no text traps, and what is read prints as itself`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let text = text(&random)
            for list in [Rule.List.allow, .deny] {
                if let rule = try? Rule.parse(text, for: list) {
                    #expect((try? Rule.parse(rule.description, for: list)) == rule, "\(text)")
                }
            }
            if let host = try? Host(text) { #expect((try? Host(host.description)) == host) }
            if let address = IPAddress(text) { #expect(IPAddress(address.description) == address) }
            if let block = AddressBlock(text) { #expect(AddressBlock(block.description) == block) }
            if IPv4Address(text) != nil { #expect(IPv4Address(lenient: text) == IPv4Address(text)) }
        }
    }

    @Test func `random bytes never trap`() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? Rule.parse(text)
            _ = try? Host(utf8: bytes)
            _ = IPAddress(text)
            _ = IPAddress(networkBytes: bytes)
            _ = IPv4Address(lenient: text)
        }
    }

    @Test func `every random rule is read back from its description`() throws {
        var world = RandomWorld(random: SeededGenerator(seed: 3))
        for _ in 0..<3_000 {
            let isDeny = world.random.once(in: 2)
            let rule = try world.rule(isDeny: isDeny)
            let list: Rule.List = isDeny ? .deny : .allow
            guard (try? rule.check(for: list)) != nil else { continue }
            #expect(try Rule.parse(rule.description, for: list) == rule)
        }
    }

    @Test func `every address is read back from its description and bytes`() {
        var world = RandomWorld(random: SeededGenerator(seed: 4))
        for _ in 0..<5_000 {
            let high = UInt64.random(in: 0...(.max), using: &world.random)
            let mask = UInt64.random(in: 0...(.max), using: &world.random)
            for address in [world.address(), .v6(IPv6Address(high: high & mask, low: high & ~mask))] {
                #expect(IPAddress(address.description) == address)
                #expect(IPAddress(networkBytes: address.networkBytes) == address)
            }
        }
    }

    @Test(
        arguments: [
            "a", ".", ":", "/", "*.", "1,", "[", "a.", "0", "/tcp", "@", "://", "%", "-", "x:1,", "ff:", "é", "1.", "*",
        ]
    )
    func `long input costs linear time`(piece: String) {
        let text = String(repeating: piece, count: 50_000)
        let seconds = processorSeconds {
            for text in [text, "a:" + text, "[" + text + "]", "*." + text, text + "/8"] {
                if let error = #expect(throws: RuleError.self, performing: { try Rule.parse(text) }) {
                    #expect(error.description.utf8.count < 2_000)
                }
                _ = try? Host(text)
                _ = IPAddress(text)
                _ = AddressBlock(text)
            }
        }
        // Quadratic work on these would take minutes.
        #expect(seconds < 20)
    }
}
