// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The whole of the corpus.
struct AttackCorpus: Sendable {
    let scenarios: [Scenario]
    /// What names resolve to unless a scenario says otherwise.
    let names: [String: [RequestInput.Answer]]
    /// The file, with the secret in it.
    let text: String

    /// What stands for `{secret}` in the file: must never be seen where it was not sent.
    static let secret = "hunter2-canary-\(UInt32.random(in: 0x1000_0000...UInt32.max))"

    static let path = Fixtures.path("security/critical_attack_scenarios.json")

    static let shared = Result { try AttackCorpus(text: filled(try whole(path))) }

    init(text: String) throws {
        self.text = text
        let file = try JSONDecoder().decode(File.self, from: Data(text.utf8))
        (scenarios, names) = (file.scenarios, file.dns)
    }

    private struct File: Decodable {
        let version: Int
        let dns: [String: [RequestInput.Answer]]
        let scenarios: [Scenario]
    }

    /// All look-ups of a name in the world of a request.
    func answers(for name: String, in request: RequestInput) -> [RequestInput.Answer]? {
        let all = names.merging(request.dns ?? [:]) { $1 }
        return all[name] ?? all["*." + name.drop { $0 != "." }.dropFirst()]
    }
}

/// The text of a file that must be there.
private func whole(_ path: String) throws -> String {
    guard let content = text(of: path) else { throw SupportError("cannot read \(path)") }
    return content
}

/// The text with the secret in it, in all forms that are named.
private func filled(_ text: String) -> String {
    let bytes = Array(AttackCorpus.secret.utf8)
    // No byte of it is below 0x10.
    let hexadecimal = bytes.map { String($0, radix: 16) }
    return text.replacing("{secret}", with: AttackCorpus.secret)
        .replacing("{secret_base64}", with: Data(bytes).base64EncodedString())
        .replacing("{secret_hexadecimal}", with: hexadecimal.joined())
        .replacing("{secret_percent}", with: hexadecimal.map { "%" + $0.uppercased() }.joined())
}
