// SPDX-License-Identifier: Apache-2.0

/// Finds the files that tests share, from where this source file lies.
public enum Fixtures {
    /// The root of the checkout, without a trailing slash.
    public static let checkout = String(#filePath.dropLast("/Tests/TestSupport/Fixtures.swift".count))

    /// The path of a file in `Fixtures/`.
    public static func path(_ name: String) -> String { "\(checkout)/Fixtures/\(name)" }
}
