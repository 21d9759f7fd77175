// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The programs link the release build of `libegress.so`, and run in the test world, which has no way out.
struct EgressABITests {
    private static let account = getuid() == 0 ? Account.root : .user

    /// Compiles C source of the checkout against `egress.h` as strictly as a user might, and runs it.
    private func run(_ source: String, _ arguments: String = "", flags: String = "") throws -> Outcome {
        try TestWorld.shared().run(
            """
            program=$(mktemp) && trap 'rm -f "$program"' EXIT
            cd '\(Fixtures.checkout)' &&
            gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Wshadow -Wpedantic -Werror \(flags) -o "$program" \(source) \
                -I CShim/abi/include -L "$WORLD/bin" -legress -lpthread -Wl,-rpath,"$WORLD/bin" && "$program" \(arguments)
            """,
            as: Self.account,
            limit: 60
        )
    }

    @Test(arguments: [
        ("443", Int32(0), "connect to 93.184.216.34 port 443: allowed\n"),
        (
            "80", 1,
            """
            connect to 93.184.216.34 port 80: port_not_allowed
            denied example.com:80/tcp: port_not_allowed; this port is not allowed (to permit: --allow example.com:80)

            """
        ),
    ])
    func `the example in C builds and answers`(_ port: String, _ status: Int32, _ ending: String) throws {
        let outcome = try run("CShim/examples/ask.c", "example.com:443 example.com 93.184.216.34 \(port)")
        #expect(outcome.status == status, "\(outcome)")
        let looked = "look up example.com: allowed\nexample.com is 93.184.216.34: allowed\n"
        #expect(outcome.standardOutput == looked + ending, "\(outcome)")
    }

    @Test(arguments: [
        ("https://example.com/a?b", "allowed example.com:443"),
        ("https://example.com:8443/", "port_not_allowed denied example.com:8443/tcp"),
        ("https://user:secret@example.com/", "url_credentials_forbidden denied URL"),
        ("ftp://example.com/", "unsupported_scheme denied URL"),
        ("http://2130706433/", "non_canonical_address denied URL"),
        ("https://10.0.0.1/", "private_target_blocked denied 10.0.0.1:443/tcp"),
    ])
    func `the example in Python answers`(_ url: String, _ says: String) throws {
        let line =
            "/usr/bin/python3 '\(Fixtures.checkout)/CShim/examples/ask.py' $WORLD/bin/libegress.so example.com:443"
        let outcome = try TestWorld.shared().run("\(line) '\(url)'", as: Self.account)
        #expect(outcome.standardOutput.hasPrefix(says), "\(outcome)")
        #expect(outcome.succeeded == says.hasPrefix("allowed"), "\(outcome)")
        #expect(!outcome.standardOutput.contains("secret"), "\(outcome)")
    }

    @Test func `no misuse is allowed anything, crashes or writes where it may not`() throws {
        let outcome = try run("CShim/programs/abi/misuse.c", flags: "-fsanitize=undefined")
        #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
    }

    @Test func `the header is C++ as well`() throws {
        let line = """
            cd '\(Fixtures.checkout)' && printf '#include "egress.h"\\nint main() { return egress_abi_version() != 1; }' |
            g++ -Wall -Wextra -Werror -Wpedantic -fsyntax-only -I CShim/abi/include -x c++ -
            """
        let outcome = try TestWorld.shared().run(line, as: Self.account)
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func `the libraries export and need what is documented`() throws {
        let line = "'\(Fixtures.checkout)/scripts/check-exports' $WORLD/bin"
        let outcome = try TestWorld.shared().run(line, as: Self.account)
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func `the C of the preload library has no fault that a sanitizer sees`() throws {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let line = "PATH='\(path)' '\(Fixtures.checkout)/scripts/check-sanitized' $WORLD/bin"
        let outcome = try TestWorld.shared().run(line, as: Self.account, limit: 300)
        #expect(outcome.succeeded, "\(outcome)")
    }

    /// The library has a Swift runtime of its own; the program has another, and both must work.
    @Test func `a program in Swift can be held`() throws {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let outcome = try TestWorld.shared().run(
            """
            PATH='\(path)'; program=$(mktemp -d) && cd "$program" && swiftc -o fetch "$WORLD/programs/clients/connect.swift" &&
            export LD_PRELOAD=$WORLD/bin/libegress-preload.so EGRESS_ALLOW=93.184.216.34:80 &&
            ./fetch 93.184.216.34 80; ./fetch 93.184.216.34 443; rm -r "$program"
            """,
            as: Self.account,
            limit: 60
        )
        #expect(outcome.standardOutput == "connected [1, 2, 3]\nPermission denied [1, 2, 3]\n", "\(outcome)")
    }
}
