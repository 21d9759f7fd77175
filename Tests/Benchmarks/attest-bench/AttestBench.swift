// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import Glibc
import LinuxSystem

/// How many tokens a second of one core verifies and validates, with keys that are parsed already. usage: attest-bench TOKEN KEYS
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
        let began = processorTime()
        while processorTime() - began < 1_000_000_000 {
            for _ in 0..<100 {
                let attestation = try WorkerAttestation.verify(token: text, trust: trust)
                try attestation.validate(expectation, at: attestation.issuedAt)
            }
            count += 100
        }
        print(UInt64(count) * 1_000_000_000 / (processorTime() - began))
    }

    /// Nanoseconds of a core that this process has had: others on the machine don't count.
    private static func processorTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
    }
}
