// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

extension AttestedFacts {
    /// What the registry keeps of an attestation.
    init(_ attestation: WorkerAttestation) {
        self.init(
            tokenID: attestation.tokenID,
            keyID: attestation.keyID,
            isolation: attestation.isolation.rawValue,
            egressProxy: attestation.isEgressProxyAttested,
            softwareVersion: attestation.softwareVersion
        )
        policyDigest = attestation.policyDigest?.description
        launcherDigest = attestation.launcherDigest?.description
        executableDigest = attestation.executableDigest?.description
        executablePath = attestation.executable?.path
        imageDigest = attestation.imageDigest?.description
        buildDigest = attestation.buildDigest?.description
        artifactDigest = attestation.artifactDigest?.description
        kernel = attestation.kernelRelease
    }
}
