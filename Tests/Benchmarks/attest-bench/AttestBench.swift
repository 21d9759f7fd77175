// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import Glibc
import LinuxSystem

/// How many tokens a second one thread verifies and validates, with keys that are parsed already. usage: attest-bench TOKEN KEYS
@main
struct AttestBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let token = contents(ofFile: arguments[1]),
            let keys = contents(ofFile: arguments[2])
        else {
            print("usage: attest-bench TOKEN KEYS")
            exit(64)
        }
        let text = String(decoding: token.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let trust = try TrustedKeys(parsing: keys)
        let expectation = WorkerAttestationExpectation()
        var count = 0
        let began = monotonicNow()
        while monotonicNow() - began < 1_000_000_000 {
            for _ in 0..<100 {
                let attestation = try WorkerAttestation.verify(token: text, trust: trust)
                try attestation.validate(expectation, at: attestation.issuedAt)
            }
            count += 100
        }
        print(UInt64(count) * 1_000_000_000 / (monotonicNow() - began))
    }
}
