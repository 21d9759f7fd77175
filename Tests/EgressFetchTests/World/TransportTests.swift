// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension FetchWorldTests {
    @Suite struct Transport {
        /// Two rows are refused by us and not by NIOSSL: see CertificateName.
        @Test(arguments: [
            (7443, "v4.example", 0), (7444, "v4.example", 5), (7445, "v4.example", 5), (7446, "v4.example", 5),
            (7447, "v4.example", 5), (7448, "v4.example", 5), (7446, "93.184.216.34", 0), (7444, "93.184.216.34", 5),
        ])
        func `a certificate is good for its own hosts only`(port: Int, host: String, status: Int32) throws {
            let outcome = try FetchWorld.shared().fetch(
                ["--allow", "v4.example", "--allow", "93.184.216.34", "https://\(host):\(port)/"]
            )
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.standardOutput == (status == 0 ? "hello\n" : ""), "\(outcome)")
            if status != 0 { #expect(outcome.standardError.contains("tls_failed"), "\(outcome)") }
        }

        @Test(arguments: [("--http2", "HTTP/2"), ("--json", "HTTP/1.1")])
        func `nginx is fetched from over TLS, with either version`(flag: String, version: String) throws {
            let world = try FetchWorld.shared()
            let outcome = try world.world.run(
                [FetchWorld.path, "fetch", "--ca", "\(world.world.directory)/ca.pem", "--json", flag]
                    + ["--allow", "allowed.example", "https://allowed.example/"],
                as: FetchWorld.account
            )
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.standardOutput.contains("\"http_version\" : \"\(version)\""), "\(outcome)")
            #expect(outcome.standardOutput.contains("welcome to allowed.example"), "\(outcome)")
        }

        @Test(arguments: [[], ["--http2"]])
        func `200 MiB arrive unchanged`(flags: [String]) throws {
            let world = try FetchWorld.shared(), directory = world.world.directory
            let outcome = try world.world.run(
                "\(FetchWorld.path) fetch --ca \(directory)/ca.pem --allow allowed.example --max-bytes 1G "
                    + flags.joined(separator: " ")
                    + " https://allowed.example/big | sha256sum | cut -d' ' -f1 | tr -d '\\n'",
                as: FetchWorld.account,
                limit: 120
            )
            #expect(outcome.standardOutput == text(of: "\(directory)/www/big.sha256"), "\(outcome)")
        }

        /// The hosts file leads to a canary; the policy's own server says otherwise, and nobody else is asked again.
        @Test func `it connects to an address of the verdict, and to no other that the name might have`() throws {
            let world = try FetchWorld.shared()
            let outcome = try world.get("/", ["--json"])
            #expect(outcome.standardOutput.contains("\"connected\" : \"93.184.216.34:7100\""), "\(outcome)")
            let (rebound, leaked) = try world.world.arrivals {
                // The first answer is public, the second private (Tests/Programs/world/dns.py): one look-up, one address.
                try world.fetch(["--allow", ".rebind.example", "http://once.rebind.example:7100/"], resolver: .hostile)
            }
            #expect(rebound.succeeded, "\(rebound)")
            #expect(leaked == [])
        }

        @Test func `a name that is rebound between two hops is judged anew`() throws {
            let world = try FetchWorld.shared()
            let (outcome, leaked) = try world.world.arrivals {
                try world.fetch(
                    [
                        "--allow", ".rebind.example",
                        "http://twice.rebind.example:7100/to/302?http://twice.rebind.example:81/",
                    ],
                    resolver: .hostile
                )
            }
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.standardError.contains("private_target_blocked"), "\(outcome)")
            #expect(leaked == [])
        }

        @Test(arguments: ["unreachable6.example", "refused6.example", "silent6.example"])
        func `the next address is tried when one is dead`(name: String) throws {
            let outcome = try FetchWorld.shared().fetch(["--allow", name, "http://\(name)/"])
            #expect(outcome.standardOutput == "welcome to \(name)\n", "\(outcome)")
        }

        @Test(arguments: [
            ("http://denied.example/", 3, "host_not_allowlisted"),
            ("http://private.example/", 3, "private_target_blocked"),
            ("http://mixed.example/", 3, "private_target_blocked"),
            ("http://nosuch.example/", 5, "dns_resolution_failed"),
            ("http://v4.example:7101/", 5, "Connection refused"), ("http://93.184.216.34:7009/", 5, "connect_timeout"),
            ("https://v4.example:80/", 5, "tls_failed"), ("ftp://v4.example/", 3, "unsupported_scheme"),
            ("http://user:pass@v4.example/", 3, "url_credentials_forbidden"),
        ])
        func `each failure has its status and reason`(url: String, status: Int32, reason: String) throws {
            let rules = ["v4.example", "private.example", "mixed.example", "nosuch.example", "93.184.216.34"]
            let world = try FetchWorld.shared()
            let (outcome, leaked) = try world.world.arrivals {
                try world.fetch(rules.flatMap { ["--allow", $0] } + ["--connect-timeout", "1", url])
            }
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.standardError.contains(reason), "\(outcome)")
            #expect(!outcome.standardError.contains("pass@"))
            #expect(leaked == [])
        }

        @Test func `variables of proxies are not looked at`() throws {
            let world = try FetchWorld.shared()
            let outcome = try world.world.run(
                "export http_proxy=http://185.199.108.153:81 HTTP_PROXY=http://185.199.108.153:81 ALL_PROXY=socks5://185.199.108.153:81; "
                    + "\(FetchWorld.path) fetch --allow v4.example http://v4.example:7100/",
                as: FetchWorld.account
            )
            #expect(outcome.standardOutput == "hello\n", "\(outcome)")
        }
    }
}
