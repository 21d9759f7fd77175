// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import EgressText
import FoundationEssentials

/// What `egress attest verify` and `show` print of a statement. Scripts rely on the keys of its JSON.
struct AttestationReport: Encodable {
    struct Measured: Encodable {
        let relayLinks, workerLinks: [String]
        let workerNamespaces, hostNamespaces: [String: Int64]
        let relayNetwork: Int64
        let seccompMode, seccompFilters, hostSeccompFilters: Int64
        let seccompDigest: String
        let noNewPrivs: Bool
        let capabilities: [String: String]
        let user, group: Int64?
        let descriptors, landlock: [String]?
    }

    struct Executable: Encodable {
        let path, digest: String
        let interpreter, interpreterDigest: String?
    }

    struct Outcome: Encodable {
        let start: String
        let exitStatus, allowed, denied: Int64
        let auditDigest: String?
        let auditLost: Int64
    }

    /// Whether the signature was checked; `show` does not.
    var verified = true
    let statement: String
    let workerID: String?
    let keyID, tokenID: String
    let issuedAt, notBefore, expiresAt: Int64
    let nonce: String?
    let isolation: String
    let egressProxyAttested: Bool
    let policyDigest, launcherDigest: String?
    let executable: Executable?
    let imageDigest, buildDigest, artifactDigest: String?
    let softwareVersion: String
    let kernelRelease, machine: String?
    let measured: Measured?
    let outcome: Outcome?

    init(_ attestation: WorkerAttestation, verified: Bool = true) {
        self.verified = verified
        statement = attestation.statement.rawValue
        workerID = attestation.workerID
        (keyID, tokenID) = (attestation.keyID, attestation.tokenID)
        (issuedAt, notBefore, expiresAt) = (attestation.issuedAt, attestation.notBefore, attestation.expiresAt)
        nonce = attestation.nonce
        isolation = attestation.isolation.rawValue
        egressProxyAttested = attestation.isEgressProxyAttested
        policyDigest = attestation.policyDigest?.description
        launcherDigest = attestation.launcherDigest?.description
        executable = attestation.executable.map { file in
            Executable(
                path: file.path,
                digest: file.digest.description,
                interpreter: file.interpreter?.path,
                interpreterDigest: file.interpreter?.digest.description
            )
        }
        imageDigest = attestation.imageDigest?.description
        buildDigest = attestation.buildDigest?.description
        artifactDigest = attestation.artifactDigest?.description
        softwareVersion = attestation.softwareVersion
        (kernelRelease, machine) = (attestation.kernelRelease, attestation.machine)
        measured = attestation.measurements.map { Measured($0) }
        outcome = attestation.outcome.map { outcome in
            Outcome(
                start: outcome.start,
                exitStatus: outcome.exitStatus,
                allowed: outcome.allowed,
                denied: outcome.denied,
                auditDigest: outcome.auditDigest?.description,
                auditLost: outcome.auditLost
            )
        }
    }
}

extension AttestationReport.Measured {
    fileprivate init(_ measurements: WorkerAttestation.Measurements) {
        func names(_ links: [WorkerAttestation.Link]) -> [String] {
            links.map { "\($0.name) (\($0.kind)\($0.peer.map { ", to the \($0)" } ?? "")\($0.isUp ? "" : ", down"))" }
        }
        func hexadecimal(_ mask: UInt64) -> String {
            let digits = String(mask, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        relayLinks = names(measurements.relayLinks)
        workerLinks = names(measurements.workerLinks)
        (workerNamespaces, hostNamespaces) = (measurements.workerNamespaces, measurements.hostNamespaces)
        relayNetwork = measurements.relayNetwork
        (seccompMode, seccompFilters) = (measurements.seccompMode, measurements.seccompFilters)
        hostSeccompFilters = measurements.hostSeccompFilters
        seccompDigest = measurements.seccompDigest.description
        noNewPrivs = measurements.noNewPrivileges
        let sets = measurements.capabilities
        capabilities = [
            "inheritable": hexadecimal(sets.inheritable), "permitted": hexadecimal(sets.permitted),
            "effective": hexadecimal(sets.effective), "bounding": hexadecimal(sets.bounding),
            "ambient": hexadecimal(sets.ambient),
        ]
        (user, group, descriptors) = (measurements.user, measurements.group, measurements.descriptors)
        landlock = measurements.landlock
    }
}

/// What `egress attest verify --json` prints of a statement that is not accepted.
struct RefusalReport: Encodable {
    let verified = false
    let error: String
    let field: String?
    let message: String

    init(_ error: WorkerAttestationError) {
        (self.error, field, message) = (error.code, error.field, error.description)
    }
}

/// One JSON object with snake_case keys, sorted.
func jsonText(_ report: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
}
