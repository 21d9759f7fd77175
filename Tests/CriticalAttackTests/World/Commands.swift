// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The commands that replay one scenario in the world.
struct Commands {
    let corpus: AttackCorpus
    let scenario: Scenario

    func jobs() throws -> [(Job.Key, Job)] {
        if let attestation = scenario.input.attestation { return try verifications(of: attestation) }
        if let export = scenario.input.export { return redactions(of: export) }
        guard let request = scenario.input.request else { return [] }
        var jobs: [(Job.Key, Job)] = []
        func add(_ surface: Surface?, _ account: Account, _ request: RequestInput, isTwin: Bool = false) throws {
            let key = Job.Key(scenario: scenario.id, surface: surface, account: account, isTwin: isTwin)
            if let job = try job(for: key, request) { jobs.append((key, job)) }
        }
        if case .arrives = scenario.control { try add(nil, .user, request) }
        for surface in scenario.surfaces {
            // The launcher holds root and others by different means.
            for account in surface == .launcher ? Account.available : [.user] {
                try add(surface, account, request)
                if case .twin(let twin) = scenario.control {
                    try add(surface, account, request.changed(by: twin), isTwin: true)
                }
            }
        }
        return jobs
    }

    private func job(for key: Job.Key, _ request: RequestInput) throws -> Job? {
        let url = request.url(for: key.label)
        let rules = options(request)
        switch key.surface {
        case nil: return Job(argv: repeated(curl(url, request), request))
        case .check: return Job(argv: repeated(["egress", "check", "--json"] + rules + ["--", url], request))
        case .fetch: return Job(argv: repeated(fetch(request) + rules + ["--", url], request))
        case .launcher:
            let command = repeated(curl(url, request), request)
            return Job(account: key.account.rawValue, argv: ["egress-run", "--audit", "-"] + rules + ["--"] + command)
        case .preload: return Job(argv: ["env"] + preloadVariables(request) + repeated(curl(url, request), request))
        case .cABI:
            let input = try JSONEncoder().encode(question(url, request))
            return Job(
                argv: ["/usr/bin/python3", "@WORLD@/programs/corpus/abi.py", "@WORLD@/bin/libegress.so"],
                input: String(decoding: input, as: UTF8.self)
            )
        case .library, .attestVerify, .fleetAPI, .redact: return nil
        }
    }

    /// curl, for it follows what it is told to, and reads hosts as most programs do.
    private func curl(_ url: String, _ request: RequestInput) -> [String] {
        ["curl", "-g", "-s", "-L", "-k", "-o", "/dev/null", "--max-time", "2"]
            + (request.headers ?? []).flatMap { ["-H", $0] } + [url]
    }

    private func fetch(_ request: RequestInput) -> [String] {
        var argv = ["egress", "fetch", "--json", "--timeout", "5", "--ca", "@WORLD@/ca.pem"]
        if let bytes = request.maxResponseBytes { argv += ["--max-bytes", "\(bytes)"] }
        for header in request.headers ?? [] { argv += ["--header", header] }
        for credential in request.credentials ?? [] {
            // All of a command is the command; it has no hosts.
            let hosts = credential.source.hasPrefix("exec:") ? "" : " to " + credential.hosts.joined(separator: " ")
            argv += ["--credential", "\(credential.header)=\(credential.source)\(hosts)"]
        }
        return argv
    }

    private func options(_ request: RequestInput) -> [String] {
        request.allowed.flatMap { ["--allow", $0] } + request.denied.flatMap { ["--deny", $0] }
            + (request.allowPrivate == true ? ["--allow-private"] : [])
    }

    private func preloadVariables(_ request: RequestInput) -> [String] {
        [
            "LD_PRELOAD=@WORLD@/bin/libegress-preload.so", "EGRESS_ALLOW=\(request.allowed.joined(separator: " "))",
            "EGRESS_DENY=\(request.denied.joined(separator: " "))",
        ] + (request.allowPrivate == true ? ["EGRESS_ALLOW_PRIVATE=1"] : [])
    }

    /// The command as often as it is made; the last one speaks.
    private func repeated(_ argv: [String], _ request: RequestInput) -> [String] {
        guard request.count > 1 else { return argv }
        let line = String(repeating: #""$@" > /dev/null; "#, count: request.count - 1) + #""$@""#
        return ["sh", "-c", line, "sh"] + argv
    }

    private struct Question: Encodable {
        let url: String
        let allow, deny: [String]
        let allowPrivate: Bool
        let answers: [RequestInput.Answer]

        enum CodingKeys: String, CodingKey {
            case url, allow, deny, answers
            case allowPrivate = "allow_private"
        }
    }

    private func question(_ url: String, _ request: RequestInput) -> Question {
        let authority = url.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first ?? ""
        let host = String(authority.prefix { $0 != ":" })
        let answers = corpus.answers(for: host, in: request) ?? []
        return Question(
            url: url,
            allow: request.allowed,
            deny: request.denied,
            allowPrivate: request.allowPrivate ?? false,
            answers: Array(answers.prefix(request.count))
        )
    }
}
