// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Testing

@testable import egress

@Suite struct DoctorReportTests {
    @Test func `the object has a verdict and a list of checks, without what is not known`() throws {
        let report = try DoctorReport(Diagnosis(Machine(release: "6.8.0-31-generic"), .held)).json()
        #expect(report.contains("\"holds\" : true"))
        #expect(
            report.contains(
                """
                    {
                      "found" : "Linux 6.8.0-31-generic",
                      "name" : "kernel",
                      "status" : "ok"
                    }
                """
            )
        )
    }

    @Test func `advice is quoted`() throws {
        var machine = Machine(release: "6.8.0")
        machine.containerSigns = ["container=\"\\\u{1b}"]
        let report = try DoctorReport(Diagnosis(machine, .held)).json()
        #expect(report.contains(#"container=\"\\\u001b"#))
    }
}
