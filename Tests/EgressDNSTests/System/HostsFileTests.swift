// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct HostsFileTests {
    /// The shape of a Debian hosts file with what people add to it.
    static let text = """
        127.0.0.1\tlocalhost
        127.0.1.1 build.example.org build
        # 192.0.2.1 commented.example
          192.0.2.10   WWW.Example.com www # trailing words.example

        2001:db8::10 www.example.com
        192.0.2.10 www.example.com
        fe80::1%lo0 scoped.example
        0177.0.0.1 octal.example
        192.0.2.11 bad*name good.example 10.0.0.1
        192.0.2.12
        \r
        192.0.2.13 dos.example\r
        """

    @Test(
        arguments: [
            ("www.example.com", ["192.0.2.10", "2001:db8::10"]),
            ("www", ["192.0.2.10"]),
            ("build", ["127.0.1.1"]),
            ("good.example", ["192.0.2.11"]),
            ("dos.example", ["192.0.2.13"]),
            ("commented.example", []),
            ("words.example", []),
            ("scoped.example", []),
            ("octal.example", []),
            ("absent.example", []),
        ]
    )
    func `names have the addresses of their lines`(_ name: String, _ addresses: [String]) throws {
        let file = HostsFile(parsing: Self.text)
        #expect(file.addresses(of: try Host(name)).map(\.description) == addresses)
    }

    @Test func `a name on many lines costs no more than its lines`() throws {
        let lines = (0..<20_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255) many.example" }
        let file = HostsFile(parsing: (lines + lines).joined(separator: "\n"))
        #expect(file.addresses(of: try Host("many.example")).count == 20_000)
        #expect(file.count == 1)
    }
}
