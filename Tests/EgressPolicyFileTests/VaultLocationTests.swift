// SPDX-License-Identifier: Apache-2.0

import EgressPolicyFile
import Testing

struct VaultLocationTests {
    private func vault(_ file: String) throws -> VaultLocation? {
        try PolicyDocument.parse(try Fixtures.bytes("good/" + file), name: file).vault
    }

    @Test func `a vault is a file, and its key may be elsewhere`() throws {
        #expect(try vault("vault-file.yaml") == .file(path: "/etc/egress/vault", keyFile: nil))
        let location = VaultLocation.file(path: "/etc/egress/vault", keyFile: "/run/credentials/egress/key")
        #expect(try vault("vault-key.yaml") == location)
        #expect(try vault("everything.yaml") == nil)
    }

    @Test(arguments: ["vault-server.yaml", "vault-server.json"])
    func `a vault is a server`(file: String) throws {
        guard case .server(let server) = try vault(file) else {
            Issue.record("no server")
            return
        }
        #expect(server.url == "https://bao.example.com:8200")
        #expect(server.mount == "team/kv")
        #expect(server.namespace == "ci")
        #expect(server.certificateAuthority == "/etc/ssl/bao.pem")
        #expect(server.tokenFile == "/run/bao/token")
    }

    @Test func `what a server leaves out has its usual value`() throws {
        let text = "version: 1\nvault: {url: 'http://127.0.0.1:8200', token_file: /t}"
        guard case .server(let server) = try PolicyDocument.parse(Array(text.utf8), name: "p").vault else {
            Issue.record("no server")
            return
        }
        #expect(server.mount == "secret")
        #expect(server.namespace == nil)
        #expect(server.certificateAuthority == nil)
    }
}
