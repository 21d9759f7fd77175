// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a run of the tests came to, by module.
struct TestResults {
    struct Module {
        var passed = 0
        var failed: [String] = []
    }

    private(set) var modules: [String: Module] = [:]

    /// Reads what `swift test --xunit-output` writes: JUnit's form of XML, with a test case a line and failures inside.
    init(readingFile path: String) throws {
        self.init(parsing: try String(contentsOf: URL(filePath: path), encoding: .utf8))
        guard !modules.isEmpty else { throw EvalError("\(path) has no test case") }
    }

    init(parsing text: String) {
        let parts = text.split(separator: "<testcase ", omittingEmptySubsequences: false).dropFirst()
        for part in parts {
            guard let suite = Self.attribute("classname", of: part), let name = Self.attribute("name", of: part),
                let module = suite.split(separator: ".").first
            else { continue }
            let isFailed = part.contains("<failure") || part.contains("<error")
            if isFailed {
                modules[String(module), default: Module()].failed.append(name)
            } else if !part.contains("<skipped") {
                modules[String(module), default: Module()].passed += 1
            }
        }
    }

    private static func attribute(_ name: String, of element: Substring) -> String? {
        guard let start = element.firstRange(of: name + "=\"")?.upperBound,
            let end = element[start...].firstIndex(of: "\"")
        else { return nil }
        return String(element[start..<end])
    }
}
