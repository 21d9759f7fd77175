// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

@Suite struct SecretSourceTests {
    @Test(arguments: [
        ("vault:a", "a", nil), ("vault:team/api_token-1.2", "team/api_token-1.2", nil), ("vault:a#b", "a", "b"),
        ("vault:a/b#token.1", "a/b", "token.1"), ("vault:.hidden", ".hidden", nil), ("vault:a..b", "a..b", nil),
    ])
    func `a reference is read, and told as it was`(text: String, name: String, field: String?) throws {
        let reference = try SecretReference(text)
        #expect(reference.name == name)
        #expect(reference.field == field)
        #expect(reference.description == text)
        #expect(try SecretSource(parsing: text) == .vault(reference))
    }

    @Test(arguments: [
        ("", SecretReferenceError.missingPrefix), ("a", .missingPrefix), ("Vault:a", .missingPrefix),
        (" vault:a", .missingPrefix),
        ("secret:a", .missingPrefix), ("vault", .missingPrefix),
        ("vault:", .badName), ("vault: a", .badName), ("vault:a b", .badName), ("vault:a\n", .badName),
        ("vault:a\u{0}", .badName),
        ("vault:/a", .badName), ("vault:a/", .badName), ("vault:a//b", .badName), ("vault:..", .badName),
        ("vault:a/../b", .badName),
        ("vault:./a", .badName), ("vault:a%2fb", .badName), ("vault:a?b", .badName), ("vault:\u{e9}", .badName),
        ("vault:a:b", .badName), ("vault:#b", .badName),
        ("vault:a#", .badField), ("vault:a#b#c", .badField), ("vault:a#b/c", .badField), ("vault:a#..", .badField),
        ("vault:a#b\n", .badField),
    ])
    func `what could be read differently is no reference`(text: String, error: SecretReferenceError) {
        #expect(throws: error) { try SecretReference(text) }
        #expect(throws: EgressPolicyError.self) { try SecretSource(parsing: text) }
    }

    @Test func `name and field have bounded lengths`() throws {
        let text = { (name: Int, field: Int) in
            "vault:" + String(repeating: "n", count: name) + "#" + String(repeating: "f", count: field)
        }
        #expect(try SecretReference(text(128, 64)).name.utf8.count == 128)
        #expect(throws: SecretReferenceError.badName) { try SecretReference(text(129, 64)) }
        #expect(throws: SecretReferenceError.badName) { try SecretReference(text(10_000, 1)) }
        #expect(throws: SecretReferenceError.badField) { try SecretReference(text(128, 65)) }
        #expect(throws: SecretReferenceError.badField) { try SecretReference(text(1, 10_000)) }
    }

    @Test(arguments: [
        ("env:TOKEN", SecretSource.env("TOKEN"), Reason.credentialSourceForbidden),
        ("file:/run/key", .file("/run/key"), .credentialSourceForbidden),
        ("exec:pass show a:b", .exec("pass show a:b"), .execCredentialSourceForbidden),
    ])
    func `other sources are known, and refused with their reason`(text: String, source: SecretSource, reason: Reason)
        throws
    {
        #expect(try SecretSource(parsing: text) == source)
        do throws(EgressPolicyError) {
            _ = try source.vaultReference()
            Issue.record("it is accepted")
        } catch {
            #expect(error.reason == reason)
            #expect(error.message.contains("vault:NAME"))
        }
        #expect(try SecretSource(parsing: "vault:a").vaultReference() == SecretReference("vault:a"))
    }

    // Somebody pastes the secret where its name belongs.
    @Test(arguments: [
        "sk-canary", "Bearer sk-canary", "vault:sk canary", "env:sk-canary\n", "sk-canary:x", "exec:", "file:", "env:",
    ])
    func `a text that names no secret is not told`(text: String) {
        do throws(EgressPolicyError) {
            _ = try SecretSource(parsing: text)
            Issue.record("it is accepted")
        } catch {
            #expect(error.reason == .invalidSecretReference)
            #expect(!String(reflecting: error).contains("canary"))
        }
    }
}
