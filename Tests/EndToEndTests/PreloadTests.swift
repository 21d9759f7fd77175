// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A line whose programs all load the preload library.
func preloaded(_ line: String, _ variables: String = "EGRESS_ALLOW='allowed.example:80 allowed.example:443'") -> String
{
    "export LD_PRELOAD=$WORLD/bin/libegress-preload.so \(variables); \(line)"
}

private let programs = [
    ("curl", "curl -sS -m 5 http://HOST/"),
    ("curl over TLS", "curl -sS -m 5 --cacert $WORLD/ca.pem https://HOST/"),
    ("wget", "wget -q -T 5 -t 1 -O - http://HOST/"),
    ("python urllib", "/usr/bin/python3 $WORLD/programs/clients/fetch.py urllib http://HOST/"),
    ("python asyncio", "/usr/bin/python3 $WORLD/programs/clients/fetch.py asyncio http://HOST/"),
    ("python, 50 threads", "/usr/bin/python3 $WORLD/programs/clients/fetch.py threads http://HOST/"),
    ("node", "node $WORLD/programs/clients/fetch.js http://HOST/"),
    ("java", "java -XX:TieredStopAtLevel=1 -cp $WORLD/bin Fetch http://HOST/"),
    ("git", "cd $(mktemp -d) && git clone -q http://HOST/repository.git && echo welcome to HOST"),
    ("dynamic C", "fetch-glibc HOST 80"),
    ("bash", #"bash -c "exec 3<>/dev/tcp/HOST/80; printf 'GET / HTTP/1.0\r\nHost: HOST\r\n\r\n' >&3; cat <&3""#),
    (
        "perl",
        #"perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("HOST:80") or die $!; "#
            + #"print $s "GET / HTTP/1.0\r\nHost: HOST\r\n\r\n"; print <$s>'"#
    ),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Preload {
        @Test(arguments: programs)
        func `a dynamic program reaches an allowed host`(_ program: (name: String, line: String)) throws {
            let line = preloaded(program.line.replacing("HOST", with: "allowed.example"))
            let outcome = try TestWorld.shared().run(line, as: .user)
            #expect(outcome.standardOutput.contains("welcome to allowed.example"), "\(outcome)")
            #expect(!outcome.standardError.contains("egress-run:"), "\(outcome)")
        }

        @Test(arguments: programs, ["denied.example", deniedAddress])
        func `a dynamic program reaches nothing else`(_ program: (name: String, line: String), _ host: String) throws {
            let line = program.line.replacing("HOST", with: host)
            let world = try TestWorld.shared()
            let (control, reached) = try world.arrivals { try world.run(line, as: .user) }
            try #require(!reached.isEmpty, "vacuous, the canary heard nothing: \(control)")
            let (held, leaked) = try world.arrivals { try world.run(preloaded(line), as: .user) }
            #expect(leaked == [], "\(held)")
            #expect(!held.succeeded, "\(held)")
            let told = held.standardError.split(separator: "\n").filter { $0.hasPrefix("egress-run: denied \(host)") }
            #expect(told.count == 1, "\(held)")
        }

        /// Why the preload alone is no enforcement.
        @Test(arguments: [
            "fetch-musl 185.199.108.153 80", "fetch-go http://185.199.108.153/",
            "env -u LD_PRELOAD curl -m 5 http://185.199.108.153/",
        ])
        func `what does not go through the library is not held`(_ line: String) throws {
            let world = try TestWorld.shared()
            let (_, arrived) = try world.arrivals { try world.run(preloaded(line), as: .user) }
            #expect(!arrived.isEmpty)
        }

        @Test func `a program with musl is refused, not broken`() throws {
            let line = "fetch-musl-dynamic allowed.example 80"
            let control = try TestWorld.shared().run(line, as: .user)
            try #require(control.succeeded, "vacuous: \(control)")
            let outcome = try TestWorld.shared().run(preloaded(line), as: .user)
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.standardError.contains("every network call is refused"), "\(outcome)")
            #expect(outcome.standardError.contains("musl"), "\(outcome)")
        }

        @Test(arguments: [
            ("EGRESS_ALLOW=private.example", "private.example", "private_target_blocked"),
            ("EGRESS_ALLOW=mixed.example", "mixed.example", "private_target_blocked"),
            ("EGRESS_ALLOW=metadata.example", "metadata.example", "metadata_blocked"),
            (
                "EGRESS_ALLOW=aliasdenied.example EGRESS_DENY=.telemetry.example", "aliasdenied.example",
                "denied_by_rule"
            ),
            ("EGRESS_ALLOW=allowed.example EGRESS_DENY=allowed.example", "allowed.example", "denied_by_rule"),
            ("EGRESS_ALLOW=allowed.example:81", "allowed.example", "port_not_allowed"),
            ("EGRESS_ALLOW=allowed.example:80/udp", "allowed.example", "protocol_not_allowed"),
            ("EGRESS_ALLOW=allowed.example:80", "127.0.0.1", "private_target_blocked"),
            ("EGRESS_ALLOW=allowed.example:80", "localhost", "private_target_blocked"),
            ("EGRESS_POLICY=$WORLD/missing.yaml", "allowed.example", "missing.yaml: cannot be opened"),
            ("EGRESS_ALLOW=.com", "allowed.example", "every network call is refused: allow: '.com'"),
            ("EGRESS_TELL=loud EGRESS_ALLOW=allowed.example", "allowed.example", "EGRESS_TELL is neither"),
            ("UNSET=1", "allowed.example", "EGRESS_POLICY is not set"),
        ])
        func `an answer or connection is judged as by the launcher`(_ variables: String, _ host: String, _ says: String)
            throws
        {
            let line = "curl -s -m 5 http://\(host)/; curl -s -m 5 http://\(host)/"
            let control = try TestWorld.shared().run("curl -s -m 5 http://\(host)/", as: .user)
            let outcome = try TestWorld.shared().run(preloaded(line, variables), as: .user)
            #expect(control.status != outcome.status || !control.succeeded, "\(control)")
            #expect(!outcome.succeeded, "\(outcome)")
            #expect(outcome.standardError.contains(says), "\(outcome)")
            #expect(outcome.standardOutput.isEmpty, "\(outcome)")
        }

        @Test func `a rule opens a port of the loopback`() throws {
            let line = preloaded(
                "nc -z 127.0.0.1 53 && ! nc -z 127.0.0.1 80",
                "EGRESS_TELL=quiet EGRESS_ALLOW=127.0.0.1:53"
            )
            let outcome = try TestWorld.shared().run(line, as: .user)
            #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
        }

        @Test func `a policy file is read wherever the program goes`() throws {
            let file = "cd $(mktemp -d); printf 'version: 1\\nallow: [allowed.example]\\n' >policy.yaml"
            let program =
                #"/usr/bin/python3 -c "import os, socket; os.chdir('/'); socket.create_connection(('allowed.example', 80))""#
            let outcome = try TestWorld.shared().run(
                "\(file); " + preloaded(program, "EGRESS_POLICY=policy.yaml"),
                as: .user
            )
            #expect(outcome.succeeded, "\(outcome)")
        }
    }
}
