// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

@testable import EgressDNS

struct BadRecordText: Error {
    var text: String
}

extension Record {
    /// Records as `owner ttl type data`, separated by `;`, the authority section behind `--`.
    static func sections(_ text: String) throws -> (answers: [Record], authorities: [Record]) {
        let sections = text.split(separator: "--", omittingEmptySubsequences: false)
        return (try list(sections[0]), sections.count > 1 ? try list(sections[1]) : [])
    }

    private static func list(_ text: Substring) throws -> [Record] {
        try text.split(separator: ";").map { try Record(text: String($0)) }.compactMap(\.self)
    }

    private init?(text: String) throws {
        let words = text.split(separator: " ").map(String.init)
        guard !words.isEmpty else { return nil }
        guard words.count == 4, let ttl = UInt32(words[1]), let type = RecordType(words[2]) else {
            throw BadRecordText(text: text)
        }
        self.init(name: try DNSName(words[0]), ttl: ttl, data: try RecordData(type, words[3]))
    }
}

extension RecordData {
    init(_ type: RecordType, _ text: String) throws {
        switch (type, IPAddress(text)) {
        case (.a, .v4(let address)): self = .a(address)
        case (.aaaa, .v6(let address)): self = .aaaa(address)
        case (.cname, _): self = .cname(try DNSName(text))
        case (.ns, _): self = .ns(try DNSName(text))
        case (.txt, _): self = .opaque(.txt, [UInt8(text.utf8.count)] + Array(text.utf8))
        case (.soa, _):
            guard let minimum = UInt32(text) else { throw BadRecordText(text: text) }
            self = .soa(
                StartOfAuthority(
                    primary: .root,
                    mailbox: .root,
                    serial: 1,
                    refresh: 2,
                    retry: 3,
                    expire: 4,
                    minimum: minimum
                )
            )
        default: throw BadRecordText(text: text)
        }
    }

    /// The type and the data, as tests compare them.
    var text: String {
        switch self {
        case .a(let address): "A \(address)"
        case .aaaa(let address): "AAAA \(address)"
        case .cname(let name): "CNAME \(name)"
        case .opaque(.txt, let octets): "TXT \(String(decoding: octets.dropFirst(), as: UTF8.self))"
        default: "\(type)"
        }
    }
}
