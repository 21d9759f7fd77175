// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressFleetService

struct TextTests {
    @Test(arguments: [
        ("a", "a"), ("%41", "A"), ("%2F%2f", "//"), ("a+b", "a+b"), ("%C3%A9", "é"), ("%00", "\0"), ("", ""),
    ])
    func `percent-encoding is decoded once`(text: String, expected: String) {
        #expect(PercentEncoding.decode(text) == expected)
    }

    @Test(arguments: ["%", "%4", "%zz", "%-1", "%+1", "%ff", "%C3", "a%"])
    func `broken percent-encoding is refused`(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(arguments: ["w-1", "a/b?c#d", "..", ".", "a.b", "<script>", "%41", "é", "a b&c=d+e"])
    func `an id comes back from its segment`(text: String) {
        let segment = PercentEncoding.encode(text)
        #expect(PercentEncoding.decode(segment) == text)
        #expect(!segment.contains { "/?#.&+ <>".contains($0) } || text == "a.b")
    }

    @Test func `a path is split before it is decoded`() {
        #expect(FleetResponder.segments("/v1/workers/a%2Fb") == ["v1", "workers", "a/b"])
        #expect(FleetResponder.segments("/") == [""])
        #expect(FleetResponder.segments("/v1/../x") == ["v1", "..", "x"])
        for path in ["", "*", "v1", "http://x/v1", "/%ff", "/%"] { #expect(FleetResponder.segments(path) == nil) }
    }

    @Test func `text in a page is escaped, and markup is not`() {
        let text = "<b a=\"x\" c='y'>&\u{202e}\u{0}\u{200b}é</b>"
        let inner: HTML = "<i>\(text)</i>"
        let outer: HTML = "<p title=\"\(text)\">\(inner) \(7)</p>"
        let escaped = "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;\u{fffd}\u{fffd}\u{fffd}é&lt;/b&gt;"
        #expect(outer.source == "<p title=\"\(escaped)\"><i>\(escaped)</i> 7</p>")
    }

    @Test(arguments: [
        ("127.0.0.1:8443", "127.0.0.1", 8443, true), ("127.9.9.9:0", "127.9.9.9", 0, true),
        ("[::1]:1", "::1", 1, true), ("0.0.0.0:80", "0.0.0.0", 80, false), ("[::]:80", "::", 80, false),
        ("198.51.100.7:443", "198.51.100.7", 443, false), ("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, false),
    ])
    func `an address to listen on is read`(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host && address.port == port && address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "8443", ":8443", "localhost:8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.1:1", "127.0.0.01:1",
        "::1:1", "[]:1", "[::1]", "[fe80::1%eth0]:1", "127.0.0.1:-1", "0x7f.0.0.1:1",
    ])
    func `what is no address and port is refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
