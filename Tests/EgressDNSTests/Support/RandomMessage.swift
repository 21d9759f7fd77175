// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

@testable import EgressDNS

/// Makes messages of every shape that decoding can produce.
struct RandomMessage {
    var random: SplitMix
    /// Names already used: messages repeat names, and compression lives on that.
    private var names: [DNSName] = [.root]

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func message() -> DNSMessage {
        var message = DNSMessage(id: .random(in: .min ... .max, using: &random))
        message.flags = .random(in: .min ... .max, using: &random) & 0xffbf
        message.questions = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            Question(name: name(), type: type(), recordClass: Bool.random(using: &random) ? 1 : 3)
        }
        message.answers = records(upTo: 6)
        message.authorities = records(upTo: 3)
        message.additionals = records(upTo: 3)
        if Bool.random(using: &random) {
            message.responseCode = ResponseCode(rawValue: .random(in: .min ... .max, using: &random))
            message.edns = EDNS(
                payloadSize: .random(in: .min ... .max, using: &random),
                version: .random(in: 0...1, using: &random),
                wantsSecurity: Bool.random(using: &random),
                options: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    EDNS.Option(code: .random(in: .min ... .max, using: &random), data: octets(0...12))
                }
            )
        }
        return message
    }

    private mutating func records(upTo count: Int) -> [Record] {
        (0..<Int.random(in: 0...count, using: &random)).map { _ in
            let isInternet = Int.random(in: 0..<8, using: &random) > 0
            return Record(
                name: name(),
                recordClass: isInternet ? 1 : 3,
                ttl: .random(in: .min ... .max, using: &random),
                data: isInternet ? data() : .opaque(type(), octets(0...20))
            )
        }
    }

    private mutating func type() -> RecordType {
        let type = RecordType(rawValue: .random(in: .min ... .max, using: &random))
        return type == .opt ? .txt : type
    }

    private mutating func data() -> RecordData {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return .a(IPv4Address(bits: .random(in: .min ... .max, using: &random)))
        case 1: return .aaaa(IPv6Address(high: random.next(), low: random.next()))
        case 2: return .ns(name())
        case 3: return .cname(name())
        case 4: return .ptr(name())
        case 5: return .mx(.random(in: .min ... .max, using: &random), name())
        case 6: return .srv(1, 2, .random(in: .min ... .max, using: &random), name())
        case 7:
            let serial = UInt32.random(in: .min ... .max, using: &random)
            return .soa(
                StartOfAuthority(
                    primary: name(),
                    mailbox: name(),
                    serial: serial,
                    refresh: 1,
                    retry: 2,
                    expire: 3,
                    minimum: 4
                )
            )
        default: return .opaque(.txt, octets(0...40))
        }
    }

    /// A new name, an old one, or an old one with more in front; any octets, mixed case.
    private mutating func name() -> DNSName {
        let base = names.randomElement(using: &random) ?? .root
        guard Int.random(in: 0..<3, using: &random) > 0 else { return base }
        let length = Int.random(in: 0..<10, using: &random) == 0 ? 1...63 : 1...8
        let name = (try? DNSName(labels: [octets(length)[...]] + base.labels)) ?? base
        names.append(name)
        return name
    }

    private mutating func octets(_ length: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: length, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
}
