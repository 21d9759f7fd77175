// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension EndToEnd {
    @MainActor @Suite struct DoctorTests {
        static let doctor = "\(Fixtures.checkout)/.build/release/egress doctor"

        @Test func `what holds commands in these tests is said to hold`() throws {
            let outcome = try TestWorld.shared().run(Self.doctor, as: .root)
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.standardOutput.hasSuffix("\nthe default mode holds here\n"))
            #expect(outcome.standardError.isEmpty)
        }

        @Test(arguments: ["user", "net", "ipc"])
        func `egress-run refuses with the words of the doctor`(kind: String) throws {
            // In a user namespace of its own, whose bounds are its own (namespaces(7)).
            let line = """
                echo 0 >/proc/sys/user/max_\(kind)_namespaces
                \(Self.doctor); echo "status $?"
                egress-run true; echo "status $?"
                """
            let outcome = try TestWorld.shared().run(["unshare", "-Ur", "sh", "-c", line], as: .root)
            let lines = outcome.standardOutput.split(separator: "\n")
            let statuses = lines.filter { $0.hasPrefix("status ") }
            #expect(statuses == ["status 1", "status 125"], "\(outcome)")
            #expect(lines.contains("the default mode does not hold here"))
            let index = try #require(lines.firstIndex { $0.contains(" NO ") }, "\(outcome)")
            let found = lines[index].split(separator: " ", maxSplits: 2).last?.drop { $0 == " " } ?? ""
            let advice = lines[index + 1].drop { $0 == " " }
            #expect(advice.contains("sysctl user.max_\(kind)_namespaces="))
            #expect(outcome.standardError == "egress-run: \(found) (\(advice))\n")
        }

        @Test func `the object for scripts is an object, and says the same`() throws {
            let check = """
                import json, sys
                report = json.load(sys.stdin)
                assert report["holds"] is True, report
                assert {"namespaces", "kernel", "settings", "dns"} <= {check["name"] for check in report["checks"]}
                assert all(check["status"] in ("ok", "no", "note") for check in report["checks"])
                """
            let outcome = try TestWorld.shared().run("\(Self.doctor) --json | python3 -c '\(check)'", as: .root)
            #expect(outcome.succeeded, "\(outcome)")
        }
    }
}
