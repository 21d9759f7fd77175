// SPDX-License-Identifier: Apache-2.0

import EgressFleetService
import TestSupport
import Testing

struct DocumentTests {
    @Test func `the document has every operation of the service and no other`() throws {
        let document = try #require(text(of: Fixtures.path("openapi/fleet.yaml")))
        // The paths stand in the second column, their methods in the fourth.
        var documented: Set<String> = []
        var path = ""
        for line in document.split(separator: "\n").drop(while: { $0 != "paths:" }).dropFirst() {
            guard line.hasPrefix("  ") else { break }
            if line.hasPrefix("  /") { path = String(line.dropFirst(2).dropLast()) }
            for method in ["get", "post", "put", "delete", "patch"] where line == "    \(method):" {
                documented.insert("\(method.uppercased()) \(path)")
            }
        }
        #expect(documented == Set(FleetRoute.all.map { "\($0.method) \($0.path)" }))
    }
}
