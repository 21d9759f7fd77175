// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension EndToEnd {
    /// `egress check` with real name servers, an honest one and one that lies.
    @MainActor @Suite struct CheckTests {
        static let check = "\(Fixtures.checkout)/.build/release/egress check"

        private func check(_ arguments: String, resolver: WorldResolver = .honest) throws -> Outcome {
            try TestWorld.shared().run("\(Self.check) \(arguments)", as: .root, resolver: resolver)
        }

        @Test func `an allowed name is explained with all its addresses`() throws {
            let outcome = try check(
                "--allow .allowed.example:80 http://allowed.example/x?secret=1 also.allowed.example:80"
            )
            #expect(outcome.succeeded, "\(outcome)")
            #expect(
                outcome.standardOutput == """
                    http://allowed.example/x: allowed
                        rule        .allowed.example:80
                        addresses   93.184.216.34 (global), 2606:2800:220:1::1 (global)
                    also.allowed.example:80: allowed
                        rule        .allowed.example:80
                        addresses   93.184.216.34 (global)

                    """
            )
        }

        @Test(arguments: [
            ("private.example", "private_target_blocked"), ("private6.example", "private_target_blocked"),
            ("mixed.example", "private_target_blocked"), ("mixed6.example", "private_target_blocked"),
            ("aliasprivate.example", "private_target_blocked"), ("hostsprivate.example", "private_target_blocked"),
            ("metadata.example", "metadata_blocked"), ("metadata6.example", "metadata_blocked"),
            ("loopback.example", "private_target_blocked"), ("zero.example", "private_target_blocked"),
            ("mapped.example", "private_target_blocked"), ("nat64.example", "private_target_blocked"),
            ("teredo.example", "private_target_blocked"), ("linklocal.example", "private_target_blocked"),
            ("aliasdenied.example", "denied_by_rule"), ("denied.example", "denied_by_rule"),
        ])
        func `one bad address or alias denies a name, as under egress-run`(name: String, reason: String) throws {
            let rules = "--allow \(name) --deny .telemetry.example --deny 185.199.108.0/24 --deny 2606:50c0:8000::/48"
            let outcome = try check("\(rules) https://\(name)/")
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.standardOutput.hasPrefix("https://\(name)/: denied: \(reason)\n"), "\(outcome)")
            // The launcher, asked for the same, lets nothing out; but it judges each family by itself.
            if name == "mixed6.example" { return }
            let run = try TestWorld.shared().run(
                "curl -s -m 5 http://\(name)/",
                as: .root,
                egress: rules.split(separator: " ").map(String.init)
            )
            #expect(!run.succeeded, "\(run)")
        }

        @Test(arguments: [
            ("hostsfile.example", WorldResolver.honest, 0), ("alias.example", .honest, 0), ("v6.example", .honest, 0),
            ("no.such.name.example", .honest, 5), ("nodata.example", .honest, 5), ("loop.example", .honest, 5),
            ("allowed.example", .hostile, 0), ("truncated.hostile.example", .hostile, 0),
            ("late-truth.hostile.example", .hostile, 0), ("second-try.hostile.example", .hostile, 0),
            ("extra.hostile.example", .hostile, 0), ("alias-half.hostile.example", .hostile, 0),
            ("wrong-question.hostile.example", .hostile, 5), ("other-owner.hostile.example", .hostile, 5),
            ("servfail.hostile.example", .hostile, 5), ("nxdomain.hostile.example", .hostile, 5),
            ("garbage.hostile.example", .hostile, 5), ("pointer-loop.hostile.example", .hostile, 5),
            ("alias-loop.hostile.example", .hostile, 5), ("mixed.hostile.example", .hostile, 3),
            ("alias-private.hostile.example", .hostile, 3),
        ])
        func `what servers answer decides the exit status`(name: String, resolver: WorldResolver, status: Int32) throws
        {
            let outcome = try check("--allow \(name) \(name):443", resolver: resolver)
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.standardError.isEmpty)
            // 185.199.108.153 is what the lies are about.
            #expect(!outcome.standardOutput.contains("185.199.108.153"), "\(outcome)")
        }

        @Test func `a denied name is never asked about`() throws {
            let world = try TestWorld.shared()
            let outcome = try world.run(
                "\(Self.check) --allow allowed.example secret-data.denied.example:443",
                as: .root
            )
            #expect(outcome.status == 3)
            let log = try world.run("grep -ci 'secret-data.denied.example' $WORLD/unbound.log", as: .root)
            #expect(log.standardOutput == "0\n", "\(log)")
        }

        @Test func `a denial outweighs a failure, and a policy file names servers and rules`() throws {
            let file = "version: 1\nallow: [allowed.example, servfail.hostile.example]\ndns: {upstream: [127.0.0.2]}\n"
            let line = """
                printf '%s' '\(file)' >$WORLD/check.yaml
                for targets in allowed.example:1 'allowed.example:1 servfail.hostile.example:1' \
                    'servfail.hostile.example:1 b.example:1'; do
                    \(Self.check) --policy $WORLD/check.yaml $targets >/dev/null; echo $?
                done
                """
            let outcome = try TestWorld.shared().run(line, as: .root)
            #expect(outcome.standardOutput == "0\n5\n3\n", "\(outcome)")
        }
    }
}
