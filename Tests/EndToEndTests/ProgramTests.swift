// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

/// An unmodified program that fetches a page of a host.
struct Program: Sendable, CustomTestStringConvertible {
    var name: String
    /// `HOST` stands for the host.
    var line: String
    /// What the page must contain.
    var output = "welcome to HOST"

    var testDescription: String { name }

    func line(for host: String) -> String { line.replacing("HOST", with: host) }
    func output(for host: String) -> String { output.replacing("HOST", with: host) }
}

private let request = #"printf 'GET / HTTP/1.0\r\nHost: HOST\r\n\r\n'"#

private let programs = [
    Program(name: "curl", line: "curl -sS -m 5 http://HOST/"),
    Program(name: "curl over TLS", line: "curl -sS -m 5 --cacert $WORLD/ca.pem https://HOST/"),
    Program(name: "curl, 20 at once", line: "curl -sS -m 5 --parallel --parallel-max 20 'http://HOST/?[1-20]'"),
    Program(name: "wget", line: "wget -q -T 5 -t 1 -O - http://HOST/"),
    Program(name: "python urllib", line: "/usr/bin/python3 $WORLD/programs/clients/fetch.py urllib http://HOST/"),
    Program(name: "python asyncio", line: "/usr/bin/python3 $WORLD/programs/clients/fetch.py asyncio http://HOST/"),
    Program(name: "python, 50 threads", line: "/usr/bin/python3 $WORLD/programs/clients/fetch.py threads http://HOST/"),
    Program(name: "node fetch", line: "node $WORLD/programs/clients/fetch.js http://HOST/"),
    Program(name: "java HttpClient", line: "java -XX:TieredStopAtLevel=1 -cp $WORLD/bin Fetch http://HOST/"),
    Program(name: "static Go", line: "fetch-go http://HOST/"),
    Program(name: "static musl", line: "fetch-musl HOST 80"),
    Program(name: "dynamic glibc", line: "fetch-glibc HOST 80"),
    Program(name: "busybox", line: "busybox wget -q -O - http://HOST/"),
    Program(
        name: "git clone",
        line: "cd $(mktemp -d) && git clone -q http://HOST/repository.git && cat repository/README",
        output: "cloned"
    ),
    Program(
        name: "openssl s_client",
        line: request + " | openssl s_client -quiet -verify_return_error -CAfile $WORLD/ca.pem -connect HOST:443"
    ),
    Program(
        name: "bash /dev/tcp",
        line: #"bash -c "exec 3<>/dev/tcp/HOST/80 && \#(request) >&3 && cat <&3""#
    ),
    Program(name: "netcat", line: request + " | nc -w 5 HOST 80"),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Programs {
        @Test(arguments: programs, Account.available)
        func `an unmodified program reaches an allowed host`(_ program: Program, as account: Account) throws {
            let host = "allowed.example"
            try Success(title: program.name, line: program.line(for: host), output: program.output(for: host))
                .expect(as: account)
        }

        @Test(arguments: programs, Account.available)
        func `an unmodified program fails at once at a name that is not allowed`(
            _ program: Program,
            as account: Account
        ) throws {
            try Attempt(title: program.name, line: program.line(for: "denied.example")).expectHeld(as: account)
        }

        @Test(arguments: programs, Account.available)
        func `an unmodified program fails at once at an address that is not allowed`(
            _ program: Program,
            as account: Account
        ) throws {
            try Attempt(title: program.name, line: program.line(for: deniedAddress)).expectHeld(as: account)
        }

        @Test(arguments: ["static", "musl", "glibc"], Account.available)
        func `a denied connect has the errno of a refusal`(_ library: String, as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "connect-\(library) plain \(deniedAddress) 80",
                as: account,
                egress: policy
            )
            let permitted = ["connect: ECONNREFUSED", "connect: EACCES"]
            #expect(permitted.contains { outcome.standardError.contains($0) }, "\(outcome)")
        }

        @Test(.enabled(if: Requirement.canBeRoot, "rows as root need a test run by root"))
        func `rows that run as root are part of this run`() {
            #expect(Account.available == Account.allCases, "this run must be root's to become both accounts")
        }
    }
}
