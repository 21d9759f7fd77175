// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import Testing

private let errors: [WorkerAttestationError] = [
    .tokenTooLarge(bytes: 1), .malformed("x"), .duplicateName("x"), .unsupportedAlgorithm("x"), .unknownKey("x"),
    .invalidSignature, .unsupportedProfile("x"), .missingClaim("x"), .invalidClaim("x"), .wrongStatement("final"),
    .missingWorkerID, .workerIDTooLong(bytes: 1), .workerIDMismatch(found: "x"), .notYetValid(from: 1), .expired(at: 1),
    .tooOld(age: 1), .missingEgressProxyBinding("x"), .isolationTooLow(required: .netns, found: .preload),
    .digestMismatch(field: "policy", found: nil), .missingNonce, .nonceMismatch, .replayed, .replayGuardFull,
]

struct ErrorTextTests {
    @Test func `every reason has a code and a sentence of its own`() {
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { $0.code.allSatisfy { $0 == "_" || $0.isLowercase } })
    }
}
