// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Commands {
    /// `egress attest verify` of the token, and of one without the change.
    func verifications(of input: AttestationInput) throws -> [(Job.Key, Job)] {
        guard scenario.surfaces.contains(.attestVerify) else { return [] }
        return try [(input, false), (AttestationInput(), true)].map { input, isTwin in
            let forge = TokenForge()
            let token = try forge.token(input, nonce: TokenForge.nonce)
            let key = Job.Key(scenario: scenario.id, surface: .attestVerify, account: .user, isTwin: isTwin)
            let argv = [
                "egress", "attest", "verify", "--json", "--trust", "trust", "--at", "\(forge.now)", "--worker-id",
                TokenForge.workerID, "--nonce", TokenForge.nonce, "--max-age", "300",
            ]
            let digests = ["policy", "launcher", "executable", "image", "build", "artifact"]
                .flatMap { ["--\($0)-digest", TokenForge.digest] }
            return (key, Job(argv: argv + digests + ["token"], files: ["token": token, "trust": forge.publicPEM]))
        }
    }
}
