// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

extension FetchWorldTests {
    /// A canary is stored in a vault and sent as a credential; then every place is searched for it where it must not be.
    @Suite struct Leaks {
        /// With what base64 and URLs write differently.
        static let canary = "Canary+/7?_secret~Value=42"

        private struct Vault {
            let world: FetchWorld
            let options: [String]

            init() throws {
                world = try .shared()
                let path = "\(world.folder)/vault-\(UInt64.random(in: 0 ... .max))/vault"
                options = ["--vault", path]
                let folder = path.dropLast("/vault".count)
                let made = try world.world.run(
                    "umask 077; mkdir \(folder) && \(FetchWorld.path) vault init --vault \(path) && printf '%s' '\(Leaks.canary)' | "
                        + "\(FetchWorld.path) vault set canary --vault \(path)",
                    as: FetchWorld.account
                )
                guard made.succeeded else { throw SupportError("no vault: \(made)") }
            }

            func get(_ url: String, _ arguments: [String] = [], hosts: String = "") throws -> Outcome {
                try world.fetch(
                    FetchWorld.usual + options + ["--credential", "authorization=Bearer vault:canary\(hosts)"]
                        + arguments + [url]
                )
            }
        }

        /// All forms in which the canary may lie in a text.
        private static func forms() -> [String] {
            let bytes = Array(canary.utf8), data = Data(bytes)
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let percent = bytes.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let quoted = canary.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("?", with: "%3F")
                .replacing("=", with: "%3D")
            var forms = [canary, hex, hex.uppercased(), percent, quoted, canary.replacing("/", with: "\\/")]
            for prefix in ["", "x", "xy"] {
                let whole = (Data(prefix.utf8) + data).base64EncodedString()
                // What depends on the neighbours alone is cut off.
                forms.append(String(whole.dropFirst(4).dropLast(4)))
                forms.append(String(whole.dropFirst(4).dropLast(4)).replacing("+", with: "-").replacing("/", with: "_"))
            }
            return forms
        }

        private static func expectNone(in text: String, _ place: String) {
            for form in forms() {
                #expect(!text.contains(form), "\(place) has the canary as \(form): \(text.prefix(600))")
            }
        }

        @Test func `control: the intended host gets the credential, and the search finds each form`() throws {
            let vault = try Vault()
            let requests = try vault.world.requests {
                let outcome = try vault.get("http://v4.example:7100/")
                #expect(outcome.succeeded, "\(outcome)")
            }
            #expect(requests.count == 1 && requests[0].contains("\"authorization\": \"Bearer \(Self.canary)\""))
            for form in Self.forms() { #expect(("..." + form + "...").contains(form)) }
        }

        @Test(arguments: [
            "/leak", "/leak-gzip", "/leak-away", "/leak-host", "/leak-type", "/echo", "/status/404", "/close-early",
        ])
        func `no output has the credential, whatever the server echoes`(path: String) throws {
            let vault = try Vault()
            for flags in [[], ["--json"], ["--accept-type", "image/png"], ["--max-bytes", "70", "--json"]] {
                let outcome = try vault.get("http://v4.example:7100\(path)", flags)
                Self.expectNone(in: outcome.standardOutput, "standard output")
                Self.expectNone(in: outcome.standardError, "standard error")
                if path == "/leak", flags == [] { #expect(outcome.standardOutput.contains("[REDACTED]"), "\(outcome)") }
            }
        }

        @Test(arguments: [
            // Another host, a deeper one, another port, no TLS, and away and back again.
            ("http://v4.example:7100/to/302?http://also.allowed.example:7100/echo", ""),
            ("http://v4.example:7100/to/307?https://v4.example:7443/echo", ""),
            ("https://v4.example:7443/to/302?http://v4.example:7100/echo", " to v4.example"),
            ("http://v4.example:7100/to/302?http://also.allowed.example:7100/to/302?http://v4.example:7100/echo", ""),
            ("http://also.allowed.example:7100/echo", " to v4.example"),
        ])
        func `the credential is dropped when a request leaves its hosts, and is not picked up again`(
            url: String,
            hosts: String
        ) throws {
            let vault = try Vault()
            let requests = try vault.world.requests {
                let outcome = try vault.get(url, ["--allow", "also.allowed.example"], hosts: hosts)
                Self.expectNone(in: outcome.standardOutput + outcome.standardError, "the output")
            }
            for request in requests where !request.contains("/to/") || request.contains("also.allowed.example:7100\"") {
                Self.expectNone(in: request, "a request")
            }
            #expect(requests.last?.contains("authorization") != true)
        }

        @Test(arguments: [
            ("exec:id", 3), ("env:HOME", 3), ("file:/etc/passwd", 3), ("vault:", 64), ("plain-text", 64),
            ("vault:missing", 70),
        ])
        func `no other source than a secret of the vault is taken, and its text is not shown`(
            source: String,
            status: Int32
        ) throws {
            let vault = try Vault()
            let requests = try vault.world.requests {
                let outcome = try vault.world.fetch(
                    FetchWorld.usual + vault.options + [
                        "--credential", "x-api-key=\(source)", "http://v4.example:7100/",
                    ]
                )
                #expect(outcome.status == status, "\(outcome)")
            }
            #expect(requests == [])
        }

        @Test(arguments: [
            ("vault: VAULT", "--key-file VAULT.moved", 0, ""),
            ("vault: VAULT", "", 70, "there is no key file"),
            ("vault: VAULT", "--passphrase-file VAULT.moved", 70, "key file"),
            ("vault: {file: VAULT, key_file: VAULT.other}", "--key-file VAULT.moved", 0, ""),
            ("vault: {url: 'https://bao.example', token_file: VAULT}", "--key-file VAULT.moved", 64, "is a server"),
        ])
        func `a key may be named for the vault of a policy`(row: (String, String, Int32, String)) throws {
            let vault = try Vault(), path = vault.options[1]
            func placed(_ text: String) -> String { text.replacing("VAULT", with: path) }
            let outcome = try vault.world.world.run(
                """
                mv \(path).key \(path).moved
                printf 'version: 1\nallow: [v4.example:7100]\n%s\n' "\(placed(row.0))" > \(path).yaml
                \(FetchWorld.path) fetch --policy \(path).yaml \(placed(row.1)) --credential x-api-key=vault:canary \
                    http://v4.example:7100/
                """,
                as: FetchWorld.account
            )
            #expect(outcome.status == row.2 && outcome.standardError.contains(row.3), "\(outcome)")
        }

        @Test func `a request that is denied takes nothing out of the vault`() throws {
            let outcome = try FetchWorld.shared().fetch(
                [
                    "--allow", "v4.example", "--vault", "/nonexistent", "--credential", "cookie=vault:x",
                    "http://denied.example/",
                ]
            )
            #expect(outcome.status == 3, "\(outcome)")
        }
    }
}
