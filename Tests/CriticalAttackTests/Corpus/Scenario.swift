// SPDX-License-Identifier: Apache-2.0

/// A known attack, as Fixtures/security/critical_attack_scenarios.json has it; its schema lies beside it.
struct Scenario: Decodable, Sendable {
    var id: String
    var severity: String
    var category: String
    var title: String
    var input: Input
    var control: Control
    var expected: Expected
    /// Where it is replayed.
    var surfaces: [Surface]

    /// What is attempted.
    struct Input: Decodable, Sendable {
        var request: RequestInput?
        var attestation: AttestationInput?
        var export: ExportInput?
    }

    /// What shows that the attack is one, or that the surface would not deny anything at all.
    enum Control: Decodable, Sendable {
        /// The same URL, fetched by curl that nothing holds, reaches a canary.
        case arrives
        /// This, which is harmless, is allowed on the same surface.
        case twin(RequestInput)
        /// The same for an export: it is passed on as it is.
        case harmless(ExportInput)

        init(from decoder: any Decoder) throws {
            if let twin = try? decoder.container(keyedBy: CodingKeys.self) {
                if let export = try? twin.decode(ExportInput.self, forKey: .twin) {
                    self = .harmless(export)
                    return
                }
                self = .twin(try twin.decode(RequestInput.self, forKey: .twin))
                return
            }
            let word = try decoder.singleValueContainer().decode(String.self)
            guard word == "arrives" else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a control is 'arrives' or a twin")
                )
            }
            self = .arrives
        }

        private enum CodingKeys: String, CodingKey { case twin }
    }

    /// What must be seen.
    struct Expected: Decodable, Sendable {
        /// Why it is denied.
        var reason: String
        /// The same where a surface sees something else: an address and no URL.
        var reasons: [Surface: String]
        /// Where the denial must be recorded.
        var audit: [AuditSurface]
        /// What must not be in anything that a surface emits, in no encoding.
        var absent: [String]
        /// What must be in it, to show that something is emitted.
        var witness: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            reason = try container.decode(String.self, forKey: .reason)
            let named = try container.decodeIfPresent([String: String].self, forKey: .reasons) ?? [:]
            reasons = [:]
            for (name, reason) in named {
                guard let surface = Surface(rawValue: name) else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: decoder.codingPath, debugDescription: "'\(name)' is no surface")
                    )
                }
                reasons[surface] = reason
            }
            audit = try container.decode([AuditSurface].self, forKey: .audit)
            absent = try container.decodeIfPresent([String].self, forKey: .absent) ?? []
            witness = try container.decodeIfPresent(String.self, forKey: .witness)
        }

        private enum CodingKeys: String, CodingKey { case reason, reasons, audit, absent, witness }

        /// Nothing is decided, since nothing leaves: the sandbox has a loopback of its own.
        static let staysInside = "stays_inside"

        /// The reason that a surface must give.
        func reason(on surface: Surface) -> String { reasons[surface] ?? reason }
    }
}
