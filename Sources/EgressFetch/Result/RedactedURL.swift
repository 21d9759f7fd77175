// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// URLs as they may be shown: what looks like a secret in the query or fragment is replaced.
enum RedactedURL {
    static let mark = "REDACTED"

    /// Parts of parameter names that announce a secret, in lower case without `-` and `_`.
    private static let telling = [
        "token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "credential", "signature",
        "session",
        "authorization", "privatekey", "assertion",
    ]
    /// Whole names of parameters that announce one.
    private static let names: Set<String> = [
        "key", "sig", "pwd", "pass", "auth", "code", "jwt", "sid", "otp", "pin", "state", "nonce", "ticket",
        "samlresponse",
        "hmac", "sas",
    ]

    /// The whole URL, redacted.
    static func text(_ url: WebURL) -> String {
        var text = "\(url.scheme)://\(url.authority)\(url.path.isEmpty ? "/" : url.path)"
        if let query = url.query { text += "?\(redacted(query))" }
        if let fragment = url.fragment { text += "#\(redacted(fragment))" }
        return text
    }

    /// A query with the values of telling parameters replaced.
    static func redacted(_ query: String) -> String {
        var result = ""
        for parameter in query.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "&" || $0 == ";" }) {
            if !result.isEmpty { result += "&" }
            guard let equals = parameter.firstIndex(of: "="), isTelling(parameter[..<equals]) else {
                result += parameter
                continue
            }
            result += parameter[...equals] + mark
        }
        return result
    }

    private static func isTelling(_ name: Substring) -> Bool {
        let plain = decoded(name).lowercased().filter { $0 != "-" && $0 != "_" && $0 != "." }
        return names.contains(plain) || telling.contains(where: plain.contains)
    }

    /// Undoes percent-encoding; `%74oken` is a token too.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = [], rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
