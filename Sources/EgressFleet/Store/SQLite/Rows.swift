// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import FoundationEssentials
import GRDB

// Between the values and the columns of the tables.

extension Worker {
    init(row: Row) throws {
        self.init(
            id: row["id"],
            state: try row.raw("state", WorkerState.self),
            version: row["version"],
            running: row["running"],
            note: row["note"],
            registeredAt: row.time("registered_at"),
            since: row.time("since"),
            heardAt: row.time("heard_at"),
            attestedAt: row.time("attested_at"),
            leaseDigest: Array(row["lease_digest"] as Data),
            facts: AttestedFacts(row: row)
        )
    }

    var columns: StatementArguments {
        [
            "id": id, "state": state.rawValue, "version": version, "running": running, "note": note,
            "registered_at": registeredAt.stored, "since": since.stored, "heard_at": heardAt.stored,
            "attested_at": attestedAt.stored, "lease_digest": leaseDigest.stored, "token_id": facts.tokenID,
            "key_id": facts.keyID, "isolation": facts.isolation, "egress_proxy": facts.egressProxy,
            "software_version": facts.softwareVersion, "policy_digest": facts.policyDigest,
            "launcher_digest": facts.launcherDigest, "executable_digest": facts.executableDigest,
            "executable_path": facts.executablePath, "image_digest": facts.imageDigest,
            "build_digest": facts.buildDigest, "artifact_digest": facts.artifactDigest, "kernel": facts.kernel,
        ]
    }
}

extension AttestedFacts {
    init(row: Row) {
        self.init(
            tokenID: row["token_id"],
            keyID: row["key_id"],
            isolation: row["isolation"],
            egressProxy: row["egress_proxy"],
            softwareVersion: row["software_version"]
        )
        policyDigest = row["policy_digest"]
        launcherDigest = row["launcher_digest"]
        executableDigest = row["executable_digest"]
        executablePath = row["executable_path"]
        imageDigest = row["image_digest"]
        buildDigest = row["build_digest"]
        artifactDigest = row["artifact_digest"]
        kernel = row["kernel"]
    }
}

extension FleetEvent {
    init(row: Row) throws {
        self.init(
            sequence: row["sequence"],
            at: row.time("at"),
            workerID: row["worker_id"],
            signal: try row.raw("signal", WorkerSignal.self),
            from: row["from_state"] == nil ? nil : try row.raw("from_state", WorkerState.self),
            to: try row.raw("to_state", WorkerState.self),
            actor: try row.raw("actor", Actor.self),
            note: row["note"]
        )
    }

    var columns: StatementArguments {
        [
            "at": at.stored, "worker_id": workerID, "signal": signal.rawValue, "from_state": from?.rawValue,
            "to_state": to.rawValue, "actor": actor.rawValue, "note": note,
        ]
    }
}

extension Row {
    /// A word that must be one of a type's.
    func raw<Value: RawRepresentable>(_ column: String, _: Value.Type) throws -> Value where Value.RawValue == String {
        let text: String? = self[column]
        guard let value = text.flatMap(Value.init(rawValue:)) else {
            throw WorkerStoreError.failed("the file has an unknown \(column): \(text ?? "nothing")")
        }
        return value
    }

    func time(_ column: String) -> Timestamp {
        Timestamp(milliseconds: UInt64(clamping: self[column] as Int64))
    }
}

extension Timestamp {
    var stored: Int64 { Int64(clamping: milliseconds) }
}

extension [UInt8] {
    var stored: Data { Data(self) }
}
