// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// What each hook of a kind says, as `CShim/programs/hooks.c` prints it.
private func lines(_ line: String) throws -> [String: String] {
    let outcome = try TestWorld.shared().run(line, as: .user)
    try #require(outcome.succeeded, "\(outcome)")
    let pairs = outcome.standardOutput.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
    return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1].dropFirst())) })
}

private let quiet = "EGRESS_TELL=quiet EGRESS_ALLOW='allowed.example'"

extension EndToEnd {
    @MainActor @Suite(.serialized) struct PreloadHooks {
        @Test func `every call that names an address is hooked, with EACCES`() throws {
            let world = try TestWorld.shared()
            let (control, reached) = try world.arrivals { try lines("hooks-glibc addresses") }
            try #require(control.count == 13, "\(control)")
            let reaching = control.filter { $0.key != "another family" }
            try #require(reaching.values.allSatisfy { $0 == "ok" }, "vacuous: \(control)")
            try #require(!reached.isEmpty)
            let (held, leaked) = try world.arrivals { try lines(preloaded("hooks-glibc addresses", quiet)) }
            #expect(held.count == control.count && held.values.allSatisfy { $0 == "EACCES" }, "\(held)")
            #expect(leaked == [])
        }

        @Test func `every look-up by name is hooked, with what it says of names that do not exist`() throws {
            let control = try lines("hooks-glibc names")
            try #require(control.count == 13 && control.values.allSatisfy { $0 == "ok" }, "vacuous: \(control)")
            let held = try lines(preloaded("hooks-glibc names", quiet))
            #expect(Set(held.keys) == Set(control.keys))
            #expect(held["getaddrinfo"] == "EAI_NONAME")
            #expect(held.filter { $0.key != "getaddrinfo" }.values.allSatisfy { $0 == "HOST_NOT_FOUND" }, "\(held)")
        }

        @Test func `every look-up of an allowed name works`() throws {
            let found = try lines(preloaded("hooks-glibc names allowed.example", quiet))
            #expect(found.count == 13 && found.values.allSatisfy { $0 == "ok" }, "\(found)")
        }

        @Test(arguments: ["private.example", "denied.example"])
        func `every look-up validates the answer`(_ name: String) throws {
            let rules =
                name == "private.example"
                ? "EGRESS_ALLOW=private.example" : "EGRESS_ALLOW=denied.example EGRESS_DENY=185.199.108.0/24"
            let found = try lines(preloaded("hooks-glibc names \(name)", "EGRESS_TELL=quiet \(rules)"))
            #expect(found.count == 13 && !found.values.contains("ok"), "\(found)")
        }

        @Test func `a mistake has the errno that it has without the library`() throws {
            let control = try lines("hooks-glibc mistakes")
            #expect(control.count == 11)
            #expect(try lines(preloaded("hooks-glibc mistakes", quiet)) == control)
        }

        @Test(arguments: ["threads", "forks", "signals", "closed", "reused", "moved"])
        func `a hook holds in hard places`(_ place: String) throws {
            let outcome = try TestWorld.shared().run(
                preloaded("hooks-glibc \(place)", "EGRESS_ALLOW=allowed.example"),
                as: .user
            )
            #expect(outcome.succeeded, "\(outcome)")
        }

        @Test func `a line that nobody reads ends nothing`() throws {
            let program = """
                import os, subprocess
                reader, writer = os.pipe()
                os.close(reader)
                print(subprocess.run(["hooks-glibc", "pipe"], stderr=writer, restore_signals=True).returncode)
                """
            let line = preloaded("/usr/bin/python3 -c '\(program)'", "EGRESS_ALLOW=")
            let outcome = try TestWorld.shared().run(line, as: .user)
            #expect(outcome.standardOutput == "0\n", "\(outcome)")
        }

        @Test func `calls before main and during exit are held`() throws {
            let early = try TestWorld.shared().run(preloaded("CONNECT_EARLY=1 hooks-glibc early", quiet), as: .user)
            #expect(early.standardOutput == "before main: EACCES\n", "\(early)")
            let late = try TestWorld.shared().run(preloaded("CONNECT_LATE=1 hooks-glibc late", quiet), as: .user)
            #expect(late.standardOutput == "at exit: EACCES\nin a destructor: EACCES\n", "\(late)")
        }
    }
}
