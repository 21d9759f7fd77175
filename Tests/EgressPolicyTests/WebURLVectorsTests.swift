// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import FoundationEssentials
import TestSupport
import Testing

/// One vector of web-platform-tests; see Fixtures/url/README.md.
struct URLVector: Decodable {
    let input: String
    let base: String?
    let failure: Bool?
    let `protocol`: String?
    let hostname: String?
    let port: String?
    let pathname: String?
    let search: String?
    let hash: String?

    static func all() throws -> [URLVector] {
        let bytes = try #require(contents(of: Fixtures.path("url/whatwg.json")))
        return try JSONDecoder().decode([URLVector].self, from: Data(bytes))
    }
}

/// What a strict reader makes of a URL has to be what the WHATWG standard makes of it. It may refuse more.
@Suite struct WebURLVectorsTests {
    private func compare(_ url: WebURL, _ vector: URLVector) {
        let input = "\(vector.input) on \(vector.base ?? "nothing")"
        #expect(vector.failure == nil, "\(input) is accepted")
        #expect("\(url.scheme):" == vector.protocol, "\(input)")
        let usual: UInt16 = url.isSecure ? 443 : 80
        #expect((url.port == usual ? "" : "\(url.port)") == vector.port, "\(input)")
        let hostname = vector.hostname ?? ""
        switch url.host {
        case .name(let host):
            // A dot at the end is kept there and dropped here; both ask for the same name.
            #expect(host.description == (hostname.hasSuffix(".") ? String(hostname.dropLast()) : hostname), "\(input)")
        case .address(.v4(let address)): #expect(address.description == hostname, "\(input)")
        case .address(.v6(let address)): #expect(IPv6Address(hostname.dropFirst().dropLast()) == address, "\(input)")
        }
    }

    @Test func `what is accepted, the WHATWG standard reads alike`() throws {
        let vectors = try URLVector.all()
        #expect(vectors.count == 820)
        var accepted = 0
        for vector in vectors {
            guard let url = try? WebURL(vector.input) else { continue }
            accepted += 1
            compare(url, vector)
            // As written, but for dots, which the standard takes out of the path, and an apostrophe, which it encodes.
            if !vector.input.lowercased().contains("/%2e"), !vector.input.contains("/.") {
                #expect((url.path.isEmpty ? "/" : url.path) == vector.pathname, "\(vector.input)")
            }
            let search = url.query.map { $0.isEmpty ? "" : "?\($0)" } ?? ""
            #expect(search.replacing("'", with: "%27") == vector.search, "\(vector.input)")
            #expect(url.fragment.map { $0.isEmpty ? "" : "#\($0)" } ?? "" == vector.hash)
        }
        #expect(accepted == 66)
    }

    @Test func `a reference that is accepted, the WHATWG standard resolves alike`() throws {
        var accepted = 0
        for vector in try URLVector.all() {
            guard let base = vector.base, let baseURL = try? WebURL(base) else { continue }
            guard let url = try? baseURL.resolving(Array(vector.input.utf8)) else { continue }
            accepted += 1
            compare(url, vector)
            #expect((url.path.isEmpty ? "/" : url.path) == vector.pathname, "\(vector.input) on \(base)")
        }
        #expect(accepted == 38)
    }
}
