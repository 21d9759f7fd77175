// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import Testing

/// One thing that is changed in the statement or in what is expected of it, and what is then said.
private struct Row: Sendable, CustomTestStringConvertible {
    let title: String
    var changes: [(String, String)] = []
    var moment = TokenForge.issued
    var expect: @Sendable (inout WorkerAttestationExpectation) -> Void = { _ in }
    let error: WorkerAttestationError?

    var testDescription: String { title }
}

private let issued = TokenForge.issued

private func noSkew(_ expectation: inout WorkerAttestationExpectation) { expectation.clockSkew = 0 }

private func missing(_ title: String, _ old: String, _ new: String, _ what: String) -> Row {
    Row(title: title, changes: [(old, new)], error: .missingEgressProxyBinding(what))
}

private let rows = [
    Row(title: "a statement as it should be", error: nil),
    // Time: at each boundary and beside it.
    Row(title: "at the first second", moment: issued, expect: noSkew, error: nil),
    Row(title: "a second early", moment: issued - 1, expect: noSkew, error: .notYetValid(from: issued)),
    Row(title: "early by the clocks' difference", moment: issued - 30, error: nil),
    Row(title: "earlier than that", moment: issued - 31, error: .notYetValid(from: issued)),
    Row(
        title: "before nbf",
        changes: [(#""nbf":1700000000"#, #""nbf":1700000100"#)],
        moment: issued + 99,
        expect: noSkew,
        error: .notYetValid(from: issued + 100)
    ),
    Row(
        title: "at nbf",
        changes: [(#""nbf":1700000000"#, #""nbf":1700000100"#)],
        moment: issued + 100,
        expect: noSkew,
        error: nil
    ),
    Row(
        title: "issued in the future, whatever nbf says",
        changes: [(#""iat":1700000000"#, #""iat":1700000100"#)],
        moment: issued,
        expect: noSkew,
        error: .notYetValid(from: issued + 100)
    ),
    Row(title: "at the last second", moment: issued + 599, expect: noSkew, error: nil),
    Row(title: "at the moment of expiry", moment: issued + 600, expect: noSkew, error: .expired(at: issued + 600)),
    Row(title: "expired within the clocks' difference", moment: issued + 629, error: nil),
    Row(title: "expired beyond it", moment: issued + 630, error: .expired(at: issued + 600)),
    Row(
        title: "a negative difference of clocks is none",
        moment: issued + 599,
        expect: { $0.clockSkew = -1000 },
        error: nil
    ),
    Row(
        title: "as old as may be",
        moment: issued + 60,
        expect: {
            $0.clockSkew = 0
            $0.maximumAge = 60
        },
        error: nil
    ),
    Row(
        title: "older",
        moment: issued + 61,
        expect: {
            $0.clockSkew = 0
            $0.maximumAge = 60
        },
        error: .tooOld(age: 61)
    ),
    Row(
        title: "times at the ends of what a number holds",
        changes: [
            (#""iat":1700000000"#, #""iat":-9223372036854775808"#), (#""nbf":1700000000"#, #""nbf":0"#),
            (#""exp":1700000600"#, #""exp":9223372036854775807"#),
        ],
        moment: .max,
        expect: { $0.maximumAge = 1 },
        error: .tooOld(age: .max)
    ),
    // The worker.
    Row(title: "without a worker", changes: [(#""sub":"worker-1","#, "")], error: .missingWorkerID),
    Row(title: "with an empty name", changes: [(#""worker-1""#, #""""#)], error: .missingWorkerID),
    Row(
        title: "a name of 128 bytes",
        changes: [("worker-1", String(repeating: "é", count: 64))],
        error: nil
    ),
    Row(
        title: "a name of 129 bytes",
        changes: [("worker-1", String(repeating: "é", count: 64) + "x")],
        error: .workerIDTooLong(bytes: 129)
    ),
    Row(title: "the worker that is expected", expect: { $0.workerID = "worker-1" }, error: nil),
    Row(
        title: "another worker",
        expect: { $0.workerID = "worker-2" },
        error: .workerIDMismatch(found: "worker-1")
    ),
    Row(
        title: "a name that only looks the same (composed and decomposed é)",
        changes: [("worker-1", "\u{e9}")],
        expect: { $0.workerID = "e\u{301}" },
        error: .workerIDMismatch(found: "\u{e9}")
    ),
    // The challenge.
    Row(title: "the challenge that was given", expect: { $0.nonce = "challenge-1" }, error: nil),
    Row(title: "another challenge", expect: { $0.nonce = "challenge-2" }, error: .nonceMismatch),
    Row(
        title: "no answer to a challenge",
        changes: [(#""eat_nonce":"challenge-1","#, "")],
        expect: { $0.nonce = "challenge-1" },
        error: .missingNonce
    ),
    Row(
        title: "no answer to any challenge",
        changes: [(#""eat_nonce":"challenge-1","#, "")],
        expect: { $0.requireNonce = true },
        error: .missingNonce
    ),
    Row(title: "an answer to some challenge", expect: { $0.requireNonce = true }, error: nil),
    // What holds the worker.
    Row(
        title: "preload is no binding, whatever else is claimed",
        changes: [(#""isolation":"netns""#, #""isolation":"preload""#)],
        error: .missingEgressProxyBinding("an isolation that the kernel enforces (preload is cooperative)")
    ),
    Row(
        title: "preload is too low where no binding is required",
        changes: [(#""isolation":"netns""#, #""isolation":"preload""#)],
        expect: { $0.requireEgressProxy = false },
        error: .isolationTooLow(required: .netns, found: .preload)
    ),
    Row(
        title: "preload where that will do",
        changes: [(#""isolation":"netns""#, #""isolation":"preload""#)],
        expect: {
            $0.requireEgressProxy = false
            $0.minimumIsolation = .preload
        },
        error: nil
    ),
    missing("the host's network", #""worker":{"net":11"#, #""worker":{"net":21"#, "a net namespace of its own"),
    missing("the host's processes", #""pid":12"#, #""pid":22"#, "a pid namespace of its own"),
    missing("the host's mounts", #""mnt":13"#, #""mnt":23"#, "a mnt namespace of its own"),
    missing("the host's ipc", #""ipc":14"#, #""ipc":24"#, "a ipc namespace of its own"),
    missing("the host's names", #""uts":15"#, #""uts":25"#, "a uts namespace of its own"),
    missing("the host's users", #""user":16"#, #""user":26"#, "a user namespace of its own"),
    missing("a namespace that is not told", #","user":16"#, "", "a user namespace of its own"),
    missing(
        "a relay in the host",
        #""relay":{"net":31}"#,
        #""relay":{"net":21}"#,
        "a network namespace of the relay's own"
    ),
    missing(
        "a relay in the worker",
        #""relay":{"net":31}"#,
        #""relay":{"net":11}"#,
        "a network namespace of the relay's own"
    ),
    missing("a second link of the relay's", #""sit","up":false"#, #""sit","up":true"#, "a relay without another link"),
    missing(
        "a relay whose link leads elsewhere",
        #""peer":"worker""#,
        #""peer":"unknown""#,
        "a relay without another link"
    ),
    missing(
        "a relay whose link is no veth",
        #""name":"worker","kind":"veth""#,
        #""name":"worker","kind":"tun""#,
        "a relay without another link"
    ),
    missing(
        "a worker whose link leads elsewhere",
        #""peer":"relay""#,
        #""peer":"worker""#,
        "a worker without another link"
    ),
    missing(
        "a worker whose link is down",
        #""up":true,"peer":"relay""#,
        #""up":false,"peer":"relay""#,
        "a worker without another link"
    ),
    missing("no filter", #""mode":2"#, #""mode":0"#, "a seccomp filter"),
    missing("strict mode is another one", #""mode":2"#, #""mode":1"#, "a seccomp filter"),
    missing("only the filters of egress-run itself", #""filters":3"#, #""filters":2"#, "a seccomp filter"),
    missing("privileges to be gained", #""no_new_privs":true"#, #""no_new_privs":false"#, "no_new_privs"),
    missing(
        "CAP_NET_ADMIN in one set",
        #""effective":"00000000800404ff""#,
        #""effective":"00000000800414ff""#,
        "dropped capabilities"
    ),
    missing(
        "CAP_SYS_ADMIN ambient",
        #""ambient":"0000000000000000""#,
        #""ambient":"0000000000200000""#,
        "dropped capabilities"
    ),
    missing("no policy", #""policy":"\#(TokenForge.digest("a"))","#, "", "a policy"),
    Row(
        title: "no binding where none is required",
        changes: [(#""mode":2"#, #""mode":0"#)],
        expect: { $0.requireEgressProxy = false },
        error: nil
    ),
    Row(
        title: "the statement of a run's end",
        changes: [
            (#""statement":"start""#, #""statement":"final","start":"t","exit_status":0,"allowed":0,"denied":0"#)
        ],
        error: .wrongStatement("final")
    ),
]

private struct DigestRow: Sendable, CustomTestStringConvertible {
    let field: String
    let digit: Character
    let path: any WritableKeyPath<WorkerAttestationExpectation, Digest?> & Sendable

    var testDescription: String { field }
}

private let digests = [
    DigestRow(field: "policy", digit: "a", path: \.policyDigest),
    DigestRow(field: "launcher", digit: "b", path: \.launcherDigest),
    DigestRow(field: "executable", digit: "c", path: \.executableDigest),
    DigestRow(field: "image", digit: "d", path: \.imageDigest),
    DigestRow(field: "build", digit: "e", path: \.buildDigest),
    DigestRow(field: "artifact", digit: "f", path: \.artifactDigest),
]

struct ValidationTests {
    private let forge = TokenForge()

    @Test(arguments: rows)
    private func `a statement is accepted or refused for its reason`(_ row: Row) throws {
        var claims = TokenForge.claims
        for (old, new) in row.changes {
            try #require(claims.contains(old))
            claims = claims.replacing(old, with: new)
        }
        let attestation = try WorkerAttestation.verify(token: forge.sign(forge.header, claims), trust: forge.trust)
        var expectation = WorkerAttestationExpectation()
        row.expect(&expectation)
        var found: WorkerAttestationError?
        do throws(WorkerAttestationError) {
            try attestation.validate(expectation, at: row.moment)
        } catch {
            found = error
        }
        #expect(found == row.error)
    }

    @Test(arguments: digests)
    private func `a digest must be the expected one, to its last digit`(_ row: DigestRow) throws {
        let text = TokenForge.digest(row.digit)
        let attestation = try WorkerAttestation.verify(token: forge.token(), trust: forge.trust)
        var expectation = WorkerAttestationExpectation()
        expectation.requireEgressProxy = false
        expectation[keyPath: row.path] = Digest(text)
        try attestation.validate(expectation, at: issued)

        expectation[keyPath: row.path] = Digest(text.dropLast() + "0")
        #expect(throws: WorkerAttestationError.digestMismatch(field: row.field, found: Digest(text))) {
            try attestation.validate(expectation, at: issued)
        }
    }

    @Test func `a digest that is expected and not stated is a mismatch`() throws {
        let token = try forge.token((#","artifact":"\#(TokenForge.digest("f"))""#, ""))
        let attestation = try WorkerAttestation.verify(token: token, trust: forge.trust)
        var expectation = WorkerAttestationExpectation()
        try attestation.validate(expectation, at: issued)
        expectation.artifactDigest = Digest(TokenForge.digest("f"))
        #expect(throws: WorkerAttestationError.digestMismatch(field: "artifact", found: nil)) {
            try attestation.validate(expectation, at: issued)
        }
    }

    @Test func `the end of a run belongs to its beginning`() throws {
        let start = try WorkerAttestation.verify(token: forge.token(), trust: forge.trust)
        func end(_ id: String, worker: String = "worker-1") throws -> WorkerAttestation {
            let own =
                #""statement":"final","start":"\#(id)","exit_status":7,"allowed":3,"denied":2,"#
                + #""audit":{"digest":"\#(TokenForge.digest("1"))","lost":0}"#
            let token = try forge.token(("token-1", "token-2"), (#""statement":"start""#, own), ("worker-1", worker))
            return try WorkerAttestation.verify(token: token, trust: forge.trust)
        }
        let good = try end("token-1")
        try good.validate(endOf: start)
        #expect(good.outcome?.exitStatus == 7)
        #expect(good.outcome?.auditDigest == Digest(TokenForge.digest("1")))
        #expect(throws: WorkerAttestationError.invalidClaim("egress_run.start")) {
            try end("token-3").validate(endOf: start)
        }
        #expect(throws: WorkerAttestationError.workerIDMismatch(found: "worker-2")) {
            try end("token-1", worker: "worker-2").validate(endOf: start)
        }
        #expect(throws: WorkerAttestationError.wrongStatement("start")) { try start.validate(endOf: start) }
    }
}
