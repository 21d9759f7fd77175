// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A question to the policy resolver and what `dig` must print.
private func dig(_ title: String, _ question: String, _ output: String, allow: String = "allowed.example") -> Success {
    Success(
        title: title,
        line: "dig +tries=1 +time=3 \(question)",
        output: output,
        policy: ["-q", "--allow", allow]
    )
}

private let questions = [
    dig("an allowed name", "+short allowed.example", "93.184.216.34"),
    dig("an allowed name, IPv6", "+short AAAA allowed.example", "2606:2800:220:1::1"),
    dig("in capitals, with a trailing dot", "+short ALLOWED.Example.", "93.184.216.34"),
    dig("any server at all", "+short @8.8.8.8 allowed.example", "93.184.216.34"),
    dig("any server over IPv6", "+short @2606:4700:4700::1111 allowed.example", "93.184.216.34"),
    dig("over TCP", "+short +tcp @1.1.1.1 allowed.example", "93.184.216.34"),
    dig("without EDNS", "+short +noedns allowed.example", "93.184.216.34"),
    dig("TTL is capped at a minute", "+noall +answer allowed.example", "60\tIN"),
    dig("a denied name", "denied.example", "status: NXDOMAIN"),
    dig("a denied name tells why", "denied.example", "EDE: "),
    dig("a name below an exact rule", "also.allowed.example", "status: NXDOMAIN"),
    dig("a name below a wider rule", "+short also.allowed.example", "93.184.216.34", allow: ".allowed.example"),
    dig("the apex of a rule for names below", "allowed.example", "status: NXDOMAIN", allow: "*.allowed.example"),
    dig("a chain of aliases", "+short alias.example", "93.184.216.34", allow: "alias.example"),
    dig("a name that does not exist", "missing.example", "status: NXDOMAIN", allow: "missing.example"),
    dig("a name without an address", "nodata.example", "ANSWER: 0", allow: "nodata.example"),
    dig("many addresses, by TCP", "+short many.example", "93.184.217.", allow: "many.example"),
    dig("many addresses are cut in UDP", "+noedns +ignore many.example", "flags: qr tc", allow: "many.example"),
    dig("HTTPS records hold unchecked hints", "HTTPS service.example", "ANSWER: 0", allow: "service.example"),
    dig("HTTPS records of hostile servers", "HTTPS service.example", "NOERROR", allow: "service.example"),
    dig("other types", "TXT text.example", "status: REFUSED", allow: "text.example"),
    dig("MX", "MX mail.example", "status: REFUSED", allow: "mail.example"),
    dig("any type", "ANY allowed.example", "status: REFUSED"),
    dig("reverse lookups", "-x 93.184.216.34", "status: NXDOMAIN"),
    dig("localhost", "+short localhost", "127.0.0.1"),
    dig("localhost, IPv6", "+short AAAA localhost", "::1"),
    dig("a name in the host's hosts file", "+short hostsfile.example", "93.184.216.34", allow: "hostsfile.example"),
    dig("a private IPv6 answer beside a public one", "AAAA mixed6.example", "EDE: ", allow: "mixed6.example"),
    dig("a private answer", "private.example", "EDE: ", allow: "private.example"),
    Success(
        title: "a chain through a denied name",
        line: "dig +tries=1 +time=3 aliasdenied.example",
        output: "status: NXDOMAIN",
        policy: ["-q", "--allow", "aliasdenied.example", "--deny", ".telemetry.example"]
    ),
    Success(
        title: "c-ares",
        line: #"node -e 'require("dns").resolve4("v4.example", (error, found) => console.log(found))'"#,
        output: "93.184.216.34",
        policy: ["-q", "--allow", "v4.example"]
    ),
    Success(
        title: "a type that the policy names",
        line: "dig +short TXT text.example",
        output: "a text record",
        policy: ["-q", "--policy", "$WORLD/programs/policies/types.yaml"]
    ),
    Success(
        title: "a private answer that the run consents to",
        line: "dig +short private.example",
        output: "10.0.0.5",
        policy: ["-q", "--allow", "private.example", "--allow-private"]
    ),
]

/// What a lying resolver says, and what comes of it.
private func lie(_ title: String, _ label: String, _ line: String, _ output: String) -> Success {
    let name = "\(label).hostile.example"
    return Success(
        title: title,
        line: line.replacing("NAME", with: name),
        output: output,
        policy: ["-q", "--allow", ".hostile.example"],
        resolver: .hostile
    )
}

private let status = "dig +tries=1 +time=12 NAME | grep -o 'status: [A-Z]*'"
private let short = "dig +short +tries=1 +time=12 NAME"

private let lies = [
    lie("a wrong id before the truth", "late-truth", short, "93.184.216.34"),
    lie("a record of another name", "other-owner", "\(short) | grep -c 185.199.108.153 || true", "0"),
    lie("a record of another name besides", "extra", "\(short) | grep -c 185.199.108.153 || true", "0"),
    lie("silence at first", "second-try", short, "93.184.216.34"),
    lie("failure", "servfail", status, "SERVFAIL"),
    lie("refusal", "refused", status, "SERVFAIL"),
    lie("no such name", "nxdomain", status, "NXDOMAIN"),
    lie("truncation, and the truth over TCP", "truncated", short, "93.184.216.34"),
    lie("a TTL of 68 years", "huge-ttl", "dig +noall +answer NAME", "60\tIN"),
    lie("half a chain", "alias-half", short, "93.184.216.34"),
    lie("a loop of aliases", "alias-loop", status, "SERVFAIL"),
    lie("an alias of itself", "alias-self", status, "SERVFAIL"),
    lie("names in lower case, over TCP too", "folds", short, "93.184.216.34"),
    lie("names in lower case, without TCP", "folds-without-tcp", status, "SERVFAIL"),
    lie("a public address behind the network's NAT64", "translated-public", aaaa, "2606:2800:64::5db8:d822"),
    lie("a private address behind the network's NAT64", "translated", "\(aaaa) | wc -l", "0"),
    lie("metadata behind the network's NAT64", "translated-metadata", "\(aaaa) | wc -l", "0"),
]

private let aaaa = "dig +short +tries=1 +time=12 AAAA NAME"

/// A stranger's lie that comes before the truth, and what a resolver library makes of it: it takes what comes first.
private let forgeries = ["spelled-anew.hostile.example", "foreign.cookie.example", "bare.cookie.example"]

/// What must be taken for silence, and so ends when the time for an answer has passed.
private let silences = [
    "silent", "wrong-id", "wrong-question", "a-query", "garbage", "short", "pointer-loop", "truncated-forever",
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Names {
        @Test(arguments: questions, Account.available)
        func `the policy resolver answers what the policy allows`(_ row: Success, as account: Account) throws {
            try row.expect(as: account)
        }

        @Test(arguments: lies)
        func `an answer that cannot be trusted becomes a failure`(_ row: Success) throws {
            try row.expect(as: .user)
        }

        @Test(arguments: forgeries, Account.available)
        func `who has not seen the question can't answer it`(_ name: String, as account: Account) throws {
            let world = try TestWorld.shared(), line = "getent ahostsv4 \(name)"
            let believed = try world.run(line, as: account, resolver: .hostile)
            #expect(believed.standardOutput.hasPrefix("185.199.108.153"), "\(believed)")
            let outcome = try world.run(
                line,
                as: account,
                egress: ["-q", "--allow", name],
                resolver: .hostile
            )
            #expect(outcome.standardOutput.hasPrefix("93.184.216.34"), "\(outcome)")
            #expect(!outcome.standardOutput.contains("185.199.108.153"), "\(outcome)")
        }

        @Test func `what is no answer to the question is waited out`() throws {
            let questions = silences.map { "(echo $(\(status.replacing("NAME", with: "\($0).hostile.example")))) &" }
            let outcome = try TestWorld.shared().run(
                questions.joined(separator: " ") + " wait",
                as: .user,
                egress: ["-q", "--allow", ".hostile.example"],
                resolver: .hostile
            )
            let answers = outcome.standardOutput.split(separator: "\n")
            #expect(answers == silences.map { _ in "status: SERVFAIL" }, "\(outcome)")
            #expect(outcome.seconds < 10, "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a denied name is never asked upstream`(as account: Account) throws {
            let world = try TestWorld.shared(), label = "never-asked-\(account.rawValue)"
            _ = try world.run(
                "for type in A AAAA TXT; do dig +tries=1 @9.9.9.9 $type \(label).denied.example; done",
                as: account,
                egress: policy
            )
            // Names go upstream in any spelling.
            #expect(text(of: "\(world.directory)/unbound.log")?.lowercased().contains(label) == false)
        }

        @Test(arguments: Account.available)
        func `a pin outlives its record for a while`(as account: Account) throws {
            try Success(
                title: "",
                line: "dig +short short.example && sleep 2 && fetch-musl 93.184.216.34 80",
                output: "welcome",
                policy: ["-q", "--allow", "short.example"]
            ).expect(as: account)
        }

        @Test(arguments: Account.available)
        func `the second server is asked when the first is silent`(as account: Account) throws {
            try Success(
                title: "",
                line: "curl -sS http://allowed.example/",
                output: "welcome",
                policy: policy + ["--dns", "127.0.0.1:5399", "--dns", "127.0.0.1:53"]
            ).expect(as: account)
        }

        @Test(arguments: Account.available)
        func `localhost is the command's own`(as account: Account) throws {
            try Success(title: "", line: "getent ahosts localhost", output: "127.0.0.1").expect(as: account)
        }
    }
}
