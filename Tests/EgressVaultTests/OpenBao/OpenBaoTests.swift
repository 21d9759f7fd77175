// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import Glibc
import TestSupport
import Testing

@Suite(.serialized)
struct OpenBaoTests {
    static let canary = "canary-7f3a9c"
    let server: BaoServer

    init() throws { server = try BaoServer() }

    private func read(_ reference: String, token: String = "root") async throws -> String {
        try await server.resolver(token: token).read(SecretReference(reference)).text
    }

    private func error(_ reference: String, token: String = "root", limits: OpenBaoLimits = OpenBaoLimits()) async
        -> OpenBaoError?
    {
        do {
            _ = try await server.resolver(token: token, limits: limits).read(SecretReference(reference))
            return nil
        } catch {
            #expect(!String(reflecting: error).contains(Self.canary))
            return error as? OpenBaoError
        }
    }

    @Test func `a field of a secret is got`() async throws {
        #expect(try await read("vault:app/db#password") == Self.canary)
        #expect(try await read("vault:app/db#user") == "app")
        #expect(try await read("vault:one") == Self.canary)
        #expect(try await read("vault:unicode#value") == "p\u{e4}ss\nword")
        #expect(server.log.allSatisfy { $0.hasSuffix(" - true") })
        #expect(server.log.contains("GET /v1/secret/data/app/db - true"))
    }

    @Test func `mount and namespace are those of the settings`() async throws {
        let resolver = try server.resolver(token: "root", mount: "team/kv", namespace: "ns1")
        #expect(try await resolver.read(SecretReference("vault:one")).text == Self.canary)
        #expect(server.log.last == "GET /v1/team/kv/data/one ns1 true")
    }

    @Test func `each refusal is told apart`() async throws {
        let rows: [(reference: String, token: String, error: OpenBaoError)] = [
            ("vault:missing#f", "root", .notFound), ("vault:deleted#f", "root", .deleted),
            ("vault:destroyed#f", "root", .deleted), ("vault:deleted-200#f", "root", .deleted),
            ("vault:app/db#missing", "root", .noField), ("vault:app/db", "root", .fieldNeeded),
            ("vault:none", "root", .fieldNeeded), ("vault:number#value", "root", .notText),
            ("vault:null#value", "root", .notText), ("vault:empty#value", "root", .notText),
            ("vault:private/a#f", "root", .denied), ("vault:private/a#f", "unlookable", .tokenRefused),
            ("vault:one", "revoked", .tokenRefused), ("vault:one", "sealed", .sealed),
            ("vault:one", "standby", .redirected(307)), ("vault:one", "broken", .status(500)),
            ("vault:one", "noise", .malformed), ("vault:metadata-only#f", "root", .malformed),
            ("vault:v1#value", "root", .malformed), ("vault:text#f", "root", .malformed),
        ]
        for row in rows { #expect(await error(row.reference, token: row.token) == row.error, "\(row)") }
        #expect(!server.log.contains { $0.contains("elsewhere") })
    }

    @Test func `a server that breaks off or talks otherwise is no source`() async throws {
        for token in ["cut", "not-http"] {
            let error = await error("vault:one", token: token)
            switch error {
            case .connection, .malformed: break
            default: Issue.record("\(token): \(String(describing: error))")
            }
        }
    }

    @Test(arguments: ["slow", "dripping"])
    func `a server that takes too long is left`(token: String) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        #expect(await error("vault:one", token: token, limits: OpenBaoLimits(seconds: 0.7)) == .timedOut)
        // Two requests at most, the token's and the secret's, to a server that takes a minute for each.
        #expect(clock.now - start < .seconds(30))
    }

    @Test func `an answer without end is left`() async throws {
        #expect(await error("vault:one", token: "endless", limits: OpenBaoLimits(maximumAnswer: 1 << 20)) == .tooLarge)
    }

    @Test(arguments: [("other.pem", "server"), ("ca.pem", "wrong"), (nil, "server")])
    func `a server with another certificate gets no token`(authority: String?, certificate: String) async throws {
        let server = try BaoServer(certificate: certificate)
        let resolver = try server.resolver(token: "root", authority: authority)
        let error = await #expect(throws: OpenBaoError.self) {
            _ = try await resolver.read(SecretReference("vault:one"))
        }
        guard case .connection = error else { throw SupportError("\(String(describing: error))") }
        #expect(server.log.isEmpty)
    }

    @Test func `nobody at the address is told`() async throws {
        let token = server.folder.path + "/token"
        try server.folder.write("token", Array("t".utf8))
        // Port 1 of the loopback: nothing listens there.
        let resolver = OpenBaoSecretResolver(try OpenBaoServer(url: "http://127.0.0.1:1", tokenFile: token))
        let error = await #expect(throws: OpenBaoError.self) {
            _ = try await resolver.read(SecretReference("vault:one"))
        }
        guard case .connection = error else { throw SupportError("\(String(describing: error))") }
    }

    @Test(arguments: [("fresh", false), ("old", true), ("periodic", true), ("old-fixed", false), ("root", false)])
    func `a token is renewed when half of its time is over`(token: String, isRenewed: Bool) async throws {
        let resolver = try server.resolver(token: token)
        #expect(try await resolver.read(SecretReference("vault:one")).text == Self.canary)
        #expect(server.log.contains("POST /v1/auth/token/renew-self - true") == isRenewed)
        // It was looked at a moment ago.
        let before = server.log.count
        #expect(try await resolver.read(SecretReference("vault:one")).text == Self.canary)
        #expect(server.log.count == before + 1)
        let left = try await resolver.checkToken()
        #expect(left == ["fresh": 3000, "old": 3600, "periodic": 3600, "old-fixed": 100][token])
    }

    @Test func `a token that may not look itself up still reads`() async throws {
        #expect(try await read("vault:one", token: "unlookable") == Self.canary)
        let resolver = try server.resolver(token: "revoked")
        await #expect(throws: OpenBaoError.tokenRefused) { _ = try await resolver.checkToken() }
    }

    @Test func `a token file that others can read is refused, and nothing is sent`() async throws {
        let resolver = try server.resolver(token: "root")
        for mode in [0o640, 0o604, 0o666] as [mode_t] {
            unsafe chmod(server.folder.path + "/token-root", mode)
            let error = await #expect(throws: OpenBaoError.self) {
                _ = try await resolver.read(SecretReference("vault:one"))
            }
            guard case .tokenFile = error else { throw SupportError("\(String(describing: error))") }
        }
        for bytes in ["", "a b", "a\nb", "a\r\nX-Evil: 1", "\u{e9}"] {
            try server.folder.write("token-root", Array(bytes.utf8))
            let error = await #expect(throws: OpenBaoError.self) {
                _ = try await resolver.read(SecretReference("vault:one"))
            }
            guard case .tokenFile(let why) = error else { throw SupportError("\(String(describing: error))") }
            #expect(!why.contains("Evil"))
        }
        #expect(server.log.isEmpty)
    }

    @Test func `requests see what a resolver's error means for them`() async throws {
        let resolver = try server.resolver(token: "root")
        let missing = try SecretReference("vault:missing#f"), denied = try SecretReference("vault:private/a#f")
        await #expect(throws: SecretResolverError.notFound(missing)) { _ = try await resolver.resolve(missing) }
        let error = await #expect(throws: SecretResolverError.self) { _ = try await resolver.resolve(denied) }
        #expect(error == .denied(denied, OpenBaoError.denied.description))
    }
}

struct OpenBaoServerTests {
    @Test(arguments: [
        ("https://bao.example.com:8200", true), ("https://bao.example.com", true), ("https://bao.example.com/", true),
        ("https://[2001:db8::1]:8200", true), ("http://127.0.0.1:8200", true), ("http://[::1]:8200", true),
        ("http://bao.example.com:8200", false), ("http://localhost:8200", false), ("http://10.0.0.1:8200", false),
        ("https://user:pass@bao.example.com", false), ("https://bao.example.com/v1", false),
        ("https://bao.example.com?x", false),
        ("https://bao.example.com#x", false), ("ftp://bao.example.com", false), ("bao.example.com:8200", false),
        ("", false),
        ("ws://127.0.0.1", false),
    ])
    func `a token travels only where nobody can read it`(url: String, isGood: Bool) {
        let server = try? OpenBaoServer(url: url, tokenFile: "/t")
        #expect((server != nil) == isGood)
        #expect(server?.url.hasSuffix("/") != true)
    }

    @Test(
        arguments: [
            ("secret", nil, true), ("team/kv", "ns1/", true), ("", nil, false), ("a/../b", nil, false),
            ("a", "../x", false), ("a", "x\r\nY: z", false),
        ] as [(String, String?, Bool)]
    )
    func `mount and namespace are names`(mount: String, namespace: String?, isGood: Bool) {
        let server = try? OpenBaoServer(url: "https://a.example", mount: mount, namespace: namespace, tokenFile: "/t")
        #expect((server != nil) == isGood)
    }
}
