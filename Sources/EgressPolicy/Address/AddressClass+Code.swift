// SPDX-License-Identifier: Apache-2.0

extension AddressClass {
    /// The class in lower-case words, as JSON has it: `global`, `private_use`, `embedded_ipv4`.
    public var code: String {
        if self == .embeddedIPv4 { return "embedded_ipv4" }
        return rawValue.reduce(into: "") { code, letter in
            code += letter.isUppercase ? "_\(letter.lowercased())" : "\(letter)"
        }
    }

    /// The class in words for people: `private use`.
    public var words: String { String(code.map { $0 == "_" ? " " : $0 }) }
}
