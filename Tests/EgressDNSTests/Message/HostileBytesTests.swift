// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressDNS

@Suite struct HostileBytesTests {
    @Test func `no mutation of a message traps, and what is read can be written and read again`() throws {
        var random = SplitMix(seed: 20_261_122)
        var accepted = 0
        for round in 0..<60_000 as Range<UInt64> {
            // A new message now and then; in between, mutations pile up on the octets of one.
            var source = RandomMessage(seed: round / 12)
            var octets = source.message().encode()
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&octets, &random) }
            guard let message = try? DNSMessage(decoding: octets) else { continue }
            accepted += 1
            let again = try DNSMessage(decoding: message.encode())
            #expect(again == message, "round \(round)")
        }
        // The probe is worth something only when a good part of the mutants get through.
        #expect(accepted > 5_000)
    }

    private func mutate(_ octets: inout [UInt8], _ random: inout SplitMix) {
        guard !octets.isEmpty else { return }
        let index = Int.random(in: octets.indices, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: octets[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: octets[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: octets.removeSubrange(index...)
        case 3: octets.insert(contentsOf: octets.prefix(Int.random(in: 0...20, using: &random)), at: index)
        case 4: octets.remove(at: index)
        default:
            // A pointer to somewhere before.
            let target = Int.random(in: 0...index, using: &random)
            octets[index] = 0xc0 | UInt8(target >> 8 & 0x3f)
            if index + 1 < octets.count { octets[index + 1] = UInt8(target & 0xff) }
        }
    }

    @Test func `what fuzzing kept is refused, or written and read again as the same`() throws {
        let inputs = try HexFile.inputs("dns")
        let messages = inputs.compactMap { try? DNSMessage(decoding: $0) }
        for message in messages { #expect(try DNSMessage(decoding: message.encode()) == message) }
        // Both kinds are there, else it would show nothing.
        #expect(messages.count > 20 && messages.count < inputs.count - 20)
    }

    @Test func `random octets behind a plausible header do not trap`() {
        var random = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            let header: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, UInt8.random(in: 0...3, using: &random), 0, 0, 0, 1]
            // Short labels, pointers and zeros are more common than chance makes them.
            let body = (0..<Int.random(in: 0...120, using: &random)).map { _ -> UInt8 in
                let choice: [UInt8] = [0, 1, 3, 0xc0, 12, UInt8(truncatingIfNeeded: random.next())]
                return choice.randomElement(using: &random) ?? 0
            }
            _ = try? DNSMessage(decoding: header + body)
            _ = try? DNSMessage(decoding: header + body, extent: .questions)
        }
    }

    /// Messages that make the reader do as much as possible for each octet.
    static let expensive: [(String, @Sendable (Int) -> [UInt8])] = [
        (
            "records owned by the longest name",
            { size in
                let label = [63] + [UInt8](repeating: 0x61, count: 63)
                let first: [UInt8] = label + label + label + [61] + [UInt8](repeating: 0x61, count: 61) + [0]
                let record: [UInt8] = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]
                let count = (size - 12 - first.count - 4) / record.count
                return header(questions: 1, answers: count) + first + [0, 1, 0, 1]
                    + [[UInt8]](repeating: record, count: count).joined()
            }
        ),
        (
            "questions named by the longest chain of pointers",
            { size in
                var octets: [UInt8] = [1, 0x61, 0, 0, 1, 0, 1]
                var previous = 12
                var questions = 1
                while octets.count + 6 <= size - 12 {
                    let start = 12 + octets.count
                    octets += [0xc0 | UInt8(previous >> 8), UInt8(previous & 0xff), 0, 1, 0, 1]
                    if questions < MessageReader.maximumPointers { previous = start }
                    questions += 1
                }
                return header(questions: questions, answers: 0) + octets
            }
        ),
        (
            "names of single letters",
            { size in
                let name = [[UInt8]](repeating: [1, 0x61], count: 127).joined() + [0]
                let record: [UInt8] = name + [0, 16, 0, 1, 0, 0, 0, 0, 0, 0]
                let count = (size - 12) / record.count
                return header(questions: 0, answers: count) + [[UInt8]](repeating: record, count: count).joined()
            }
        ),
    ]

    @Test(arguments: expensive.indices)
    func `reading costs time linear in the size`(_ index: Int) throws {
        // Work is counted, not timed: 16 times the octets must not cost more than 16 times the work, and a bit.
        let make = Self.expensive[index].1
        var small = MessageReader(make(4_000))
        _ = try small.readMessage(.whole)
        var large = MessageReader(make(64_000))
        _ = try large.readMessage(.whole)
        #expect(large.work < 18 * small.work, "\(Self.expensive[index].0): \(small.work), \(large.work)")
        #expect(large.work < 64_000 * 50)
    }

    @Test func `a chain of as many pointers as are allowed is read`() throws {
        let octets = Self.expensive[1].1(12 + 7 + 6 * MessageReader.maximumPointers)
        #expect(try DNSMessage(decoding: octets).questions.count == MessageReader.maximumPointers + 1)
    }
}

private func header(questions: Int, answers: Int) -> [UInt8] {
    [
        0, 1, 0x81, 0x80, UInt8(questions >> 8), UInt8(questions & 0xff), UInt8(answers >> 8), UInt8(answers & 0xff),
        0, 0, 0, 0,
    ]
}
