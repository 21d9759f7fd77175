// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import EgressSandbox
import JWTKit
import LinuxSystem
import TestSupport
import Testing

/// The toolbox's binary, which is built beside the one under test.
private let toolbox = "\(Fixtures.checkout)/.build/release/egress"

/// Makes a key in a folder of the caller's own.
private let withKey = "cd $(mktemp -d) && \(toolbox) attest keygen --out k >/dev/null && "

/// One line each of the token, of the public key's JWK thumbprint and so on, by what the shell line prints last.
private struct Run {
    let outcome: Outcome

    init(_ line: String, as account: Account) throws {
        outcome = try TestWorld.shared().run(["sh", "-c", line], as: account)
    }

    var lines: [String] { outcome.standardOutput.split(separator: "\n").map(String.init) }

    /// The rest of the line that begins with a word.
    func value(_ name: String) throws -> String {
        let line = lines.first { $0.hasPrefix(name + " ") }
        return try String(#require(line, "\(name): \(outcome)").dropFirst(name.utf8.count + 1))
    }

    /// The statement after a word, checked with the key that the line printed, by us and by jwt-kit.
    func attestation(_ name: String = "token") async throws -> WorkerAttestation {
        let key = try value("public")
        let token = try value(name)
        let pem = "-----BEGIN PUBLIC KEY-----\n\(key)\n-----END PUBLIC KEY-----\n"
        let trust = try TrustedKeys(parsing: Array(pem.utf8))

        struct Claims: JWTPayload {
            var exp: ExpirationClaim
            func verify(using _: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
        }
        let keys = JWTKeyCollection()
        let kid = try JWKIdentifier(string: #require(trust.identifiers.first))
        await keys.add(eddsa: try EdDSA.PublicKey(pem: pem), kid: kid)
        _ = try await keys.verify(token, as: Claims.self)
        return try WorkerAttestation.verify(token: token, trust: trust)
    }
}

private let printKey = "echo public $(sed -n 2p k.pub); "
private let printTokens = printKey + "echo token $(cat t); echo final $(cat t.final)"
private let attested = "egress-run --attest t --attest-key k --worker-id w1"

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Attestation {
        /// While the command runs, it and its namespaces are looked at with other tools, from outside.
        @Test(arguments: Account.available)
        func `each claim is what another measurement finds`(as account: Account) async throws {
            let run = try Run(
                withKey + """
                    true
                    \(attested) --attest-nonce challenge-1 --allow allowed.example:80 --audit audit -- sleep 3.25 >/dev/null 2>errors &
                    run=$!
                    worker=
                    for _ in $(seq 100); do
                        worker=$(pgrep -fx 'sleep 3.25') && break
                        sleep 0.05
                    done
                    for kind in net pid mnt ipc uts user; do
                        echo worker-$kind $(stat -Lc %i /proc/$worker/ns/$kind)
                        echo host-$kind $(stat -Lc %i /proc/self/ns/$kind)
                    done
                    grep -E '^(Uid|Gid|Cap|NoNewPrivs|Seccomp)' /proc/$worker/status | sed 's/:\\t/ /'
                    echo host-filters $(grep Seccomp_filters /proc/self/status | cut -f2)
                    echo launcher-digest $(sha256sum $WORLD/bin/egress-run | cut -c1-64)
                    echo executable-digest $(sha256sum /proc/$worker/exe | cut -c1-64)
                    echo kernel $(uname -r)
                    echo machine $(uname -m)
                    echo policy $(\(toolbox) attest policy-digest --allow allowed.example:80)
                    wait $run
                    echo audit $(sha256sum audit | cut -c1-64)
                    """ + "\n" + printTokens,
                as: account
            )
            let found = try await run.attestation()
            let measured = try #require(found.measurements, "\(run.outcome)")
            try found.validate(
                {
                    var expected = WorkerAttestationExpectation()
                    expected.workerID = "w1"
                    expected.nonce = "challenge-1"
                    expected.policyDigest = try Digest(run.value("policy"))
                    expected.launcherDigest = try Digest("sha256:" + run.value("launcher-digest"))
                    expected.executableDigest = try Digest("sha256:" + run.value("executable-digest"))
                    return expected
                }(),
                at: found.issuedAt
            )
            for kind in Namespaces.kinds {
                #expect(try "\(measured.workerNamespaces[kind] ?? 0)" == run.value("worker-\(kind)"), "\(kind)")
                #expect(try "\(measured.hostNamespaces[kind] ?? 0)" == run.value("host-\(kind)"), "\(kind)")
            }
            #expect(try "\(measured.seccompMode)" == run.value("Seccomp"))
            #expect(try "\(measured.seccompFilters)" == run.value("Seccomp_filters"))
            #expect(try "\(measured.hostSeccompFilters)" == run.value("host-filters"))
            #expect(try (measured.noNewPrivileges ? "1" : "0") == run.value("NoNewPrivs"))
            let sets = measured.capabilities
            for (name, mask) in [
                ("CapInh", sets.inheritable), ("CapPrm", sets.permitted), ("CapEff", sets.effective),
                ("CapBnd", sets.bounding), ("CapAmb", sets.ambient),
            ] {
                #expect(try mask == UInt64(run.value(name), radix: 16), "\(name)")
            }
            #expect(try measured.user == Int64(run.value("Uid").split(separator: "\t")[1]))
            #expect(try measured.group == Int64(run.value("Gid").split(separator: "\t")[1]))
            // sh(1) gives /dev/null to what it runs in the background.
            #expect(measured.descriptors == ["null", "null", "file"])
            #expect(measured.landlock == LandlockDomain(abi: KernelProbe.landlock).denials)
            #expect(found.kernelRelease == (try run.value("kernel")))
            #expect(found.machine == (try run.value("machine")))

            let last = try await run.attestation("final")
            try last.validate(endOf: found)
            #expect(last.outcome?.exitStatus == 0)
            #expect(last.outcome?.auditDigest == Digest("sha256:" + (try run.value("audit"))))
        }

        @Test(arguments: Account.available)
        func `the links that are stated are those that are there`(as account: Account) async throws {
            let run = try Run(
                withKey
                    + "\(attested) -- sh -c 'ip -o link show up | cut -d\" \" -f2 | cut -d@ -f1 | tr -d : | xargs echo links'; "
                    + printTokens,
                as: account
            )
            let measured = try #require(try await run.attestation().measurements)
            #expect(try measured.workerLinks.filter(\.isUp).map(\.name).joined(separator: " ") == run.value("links"))
            #expect(measured.relayLinks.filter(\.isUp).map(\.kind) == ["loopback", "veth"])
            #expect(measured.relayLinks.compactMap(\.peer) == ["worker"])
        }

        /// PTRACE_SECCOMP_GET_FILTER needs more than we have; the filter that is stated is the one that is planned.
        @Test func `the filter's digest is that of the filter in the plan`() async throws {
            let run = try Run(withKey + "\(attested) -- true; " + printTokens, as: .available[0])
            let plan = try SandboxPlan(
                command: CommandPlan(candidates: [], arguments: [], environment: [], terminal: -1, capabilities: 0),
                loopback: [],
                files: PrivateFiles(contents: [])
            )
            var bytes: [UInt8] = []
            for instruction in plan.filter {
                let code = instruction.code, operand = instruction.operand
                bytes += [UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8)]
                bytes += [instruction.ifTrue, instruction.ifFalse]
                bytes += (0..<4).map { UInt8(truncatingIfNeeded: operand >> (8 * $0)) }
            }
            let measured = try #require(try await run.attestation().measurements)
            #expect(measured.seccompDigest == SHA256.digest(of: bytes))
        }

        @Test(arguments: Account.available)
        func `the end tells decisions and the exit status`(as account: Account) async throws {
            let line =
                "fetch-musl allowed.example 80 >/dev/null; fetch-musl denied.example 80; fetch-musl denied.example 80; exit 7"
            let run = try Run(
                withKey
                    + "\(attested) -q --audit audit --allow allowed.example:80 -c '\(line)' 2>/dev/null; echo status $?; "
                    + "echo allows $(grep -c '\"decision\":\"allow\"' audit); echo denies $(grep -c '\"decision\":\"deny\"' audit); "
                    + printTokens,
                as: account
            )
            let last = try await run.attestation("final")
            let outcome = try #require(last.outcome)
            #expect(try run.value("status") == "7")
            #expect(outcome.exitStatus == 7)
            #expect(try "\(outcome.allowed)" == run.value("allows"))
            #expect(try "\(outcome.denied)" == run.value("denies"))
            #expect(outcome.allowed > 0 && outcome.denied > 1, "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a script's interpreter is stated`(as account: Account) async throws {
            let run = try Run(
                withKey + "printf '#!/bin/sh\\nexit 0\\n' > s; chmod 755 s; \(attested) -- ./s; "
                    + "echo s $(sha256sum s | cut -c1-64); echo sh $(sha256sum /bin/sh | cut -c1-64); " + printTokens,
                as: account
            )
            let executable = try #require(try await run.attestation().executable)
            #expect(executable.path == "./s")
            #expect(executable.digest.hexadecimal == (try run.value("s")))
            #expect(executable.interpreter?.path == "/bin/sh")
            #expect(executable.interpreter?.digest.hexadecimal == (try run.value("sh")))
        }

        @Test(arguments: Account.available)
        func `preload is stated, and is no egress binding`(as account: Account) async throws {
            let run = try Run(
                withKey + "\(attested) --isolation preload -- true 2>/dev/null; echo status $?; " + printKey
                    + "echo token $(cat t)",
                as: account
            )
            #expect(try run.value("status") == "0")
            let found = try await run.attestation()
            #expect(found.isolation == .preload)
            #expect(found.measurements == nil)
            #expect(throws: WorkerAttestationError.self) {
                try found.validate(WorkerAttestationExpectation(), at: found.issuedAt)
            }
        }

        @Test(arguments: Account.available)
        func `the command can read its token and not the key`(as account: Account) throws {
            let run = try Run(
                withKey
                    + "echo outside $(wc -c < k); \(attested) -- sh -c 'echo token $(wc -c < t); echo key $(wc -c < k)'; "
                    + "stat -c 'mode %a' t t.final | uniq",
                as: account
            )
            #expect(try run.value("outside") == "119")
            #expect(try run.value("key") == "0")
            #expect(try Int(run.value("token")) ?? 0 > 1000)
            #expect(try run.value("mode") == "600")
        }

        /// What can't be stated is not run: each line would make a file.
        @Test(
            arguments: [
                ("--attest t --attest-key none", "keygen"), ("--attest none/t --attest-key k", "No such file"),
                ("--attest - --attest-key k", "no file"), ("--attest t --attest-key open", "open to others"),
                ("--attest t --attest-key k.pub", "open to others"), ("--attest t --attest-key empty", "no Ed25519"),
                ("--attest t --attest-key k --attest-nonce short", "no nonce"),
                ("--attest t --attest-key k --attest-digest image=sha256:00", "no digest"),
                ("--attest t --attest-key k --attest-ttl 0", "lifetime"), ("--worker-id w", "--attest"),
                ("--attest t", "attest.key"),
            ],
            Account.available
        )
        func `without a statement nothing runs`(_ row: (options: String, message: String), as account: Account) throws {
            let run = try Run(
                withKey + "cp k open; chmod 644 open; : > empty; chmod 600 empty; "
                    + "egress-run \(row.options) -- touch ran; echo status $?; ls ran 2>/dev/null",
                as: account
            )
            #expect(run.lines == ["status 125"], "\(run.outcome)")
            #expect(run.outcome.standardError.contains(row.message), "\(run.outcome)")
        }

        /// An executable that can't be read can't be measured: root may read any.
        @Test func `what can't be measured doesn't run`() throws {
            let run = try Run(
                withKey
                    + "cp /bin/touch x; chmod 111 x; ./x proof && rm proof; \(attested) -- ./x ran; echo status $?; "
                    + "ls ran t 2>/dev/null",
                as: .user
            )
            #expect(run.lines == ["status 125"], "\(run.outcome)")
            #expect(
                run.outcome.standardError.contains("the command can't be measured: reading './x': Permission denied")
            )
        }

        @Test(arguments: Account.available)
        func `a command that is not there is told as ever`(as account: Account) throws {
            let run = try Run(
                withKey
                    + "\(attested) -- ./none; echo status $?; : > plain; \(attested) -- ./plain; echo status $?; ls t",
                as: account
            )
            #expect(run.lines == ["status 127", "status 126"], "\(run.outcome)")
        }

        @Test(arguments: Account.available)
        func `verify accepts and refuses, and says so`(as account: Account) throws {
            let verify = "\(toolbox) attest verify t --trust k.pub"
            let run = try Run(
                withKey
                    + """
                    \(attested) -- true
                    \(verify) --worker-id w1 --final t.final >/dev/null; echo good $?
                    \(verify) --json | grep -o '"egress_proxy_attested" *: *true'
                    \(verify) --worker-id w2 2>&1; echo other $?
                    \(verify) --at $(($(date +%s) + 700)) --json | grep -o '"error" *: *"expired"'
                    \(verify) --policy-digest $(\(toolbox) attest policy-digest) >/dev/null; echo policy $?
                    \(verify) --policy-digest $(\(toolbox) attest policy-digest --allow-private) 2>/dev/null; echo private $?
                    sed 's/^\\(.*\\.\\)A/\\1B/; t; s/^\\(.*\\.\\)./\\1A/' t > changed
                    \(toolbox) attest verify changed --trust k.pub 2>&1; echo changed $?
                    \(toolbox) attest verify t --trust none 2>/dev/null; echo untrusted $?
                    \(toolbox) attest verify t 2>/dev/null; echo usage $?
                    \(toolbox) attest show t | grep -c 'not verified'
                    """,
                as: account
            )
            #expect(
                run.lines == [
                    "good 0", #""egress_proxy_attested" : true"#, "egress: the attestation is about the worker 'w1'",
                    "other 1", #""error" : "expired""#, "policy 0", "private 1",
                    "egress: the signature is not that of the key over this token", "changed 1", "untrusted 70",
                    "usage 64", "1",
                ],
                "\(run.outcome)"
            )
        }

        @Test(arguments: Account.available)
        func `keygen makes files of strict modes, and replaces none`(as account: Account) throws {
            let run = try Run(
                "umask 0; " + withKey
                    + """
                    stat -c '%a %n' k k.pub
                    openssl pkey -in k -pubout 2>/dev/null | cmp - k.pub && echo same
                    sha256sum k k.pub > before
                    \(toolbox) attest keygen --out k 2>/dev/null; echo again $?
                    rm k.pub; \(toolbox) attest keygen --out k 2>/dev/null; echo half $?; ls k.pub 2>/dev/null
                    sha256sum -c before 2>/dev/null | head -1
                    export XDG_CONFIG_HOME=$PWD/c
                    \(toolbox) attest keygen >/dev/null && stat -c '%a' c/egress c/egress/attest.key
                    egress-run --attest t -- true; echo default $?
                    """,
                as: account
            )
            #expect(
                run.lines == [
                    "600 k", "644 k.pub", "same", "again 70", "half 70", "k: OK", "700", "600", "default 0",
                ],
                "\(run.outcome)"
            )
        }
    }
}
