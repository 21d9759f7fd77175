// SPDX-License-Identifier: Apache-2.0

import EgressFleetService
import EgressText

/// Text of a registry for people. All that workers say is made printable.
enum FleetTable {
    static func text(_ snapshot: SnapshotReply, _ workers: [WorkerReply]) -> String {
        let counts = snapshot.counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        let summary = counts.map { "\($0.value) \($0.key.printable)" }.joined(separator: ", ")
        let heading = "\(snapshot.total) workers" + (summary.isEmpty ? "" : ": " + summary) + "\n"
        guard !workers.isEmpty else { return heading }
        return heading
            + table(
                ["WORKER", "STATE", "RUNNING", "HEARD", "ISOLATION", "NOTE"],
                workers.map {
                    [$0.id, $0.state, String($0.running), $0.heardAt, $0.attestation.isolation, $0.note ?? ""]
                }
            )
    }

    static func text(_ worker: WorkerReply) -> String {
        let facts = worker.attestation
        let rows: [(String, String?)] = [
            ("worker", worker.id), ("state", worker.state), ("since", worker.since), ("note", worker.note),
            ("running", String(worker.running)), ("heard", worker.heardAt), ("attested", worker.attestedAt),
            ("registered", worker.registeredAt), ("isolation", facts.isolation),
            ("egress bound", facts.egressProxy ? "yes" : "no"), ("policy", facts.policyDigest),
            ("egress-run", facts.launcherDigest), ("version", facts.softwareVersion),
            ("executable", facts.executablePath), ("executable digest", facts.executableDigest),
            ("image", facts.imageDigest), ("build", facts.buildDigest), ("artifact", facts.artifactDigest),
            ("kernel", facts.kernel), ("key", facts.keyID), ("token", facts.tokenID),
        ]
        return rows.compactMap { name, value in value.map { pad(name, 19) + $0.printable + "\n" } }.joined()
    }

    static func text(_ events: [EventReply]) -> String {
        guard !events.isEmpty else { return "no events\n" }
        return table(
            ["TIME", "WORKER", "WHAT", "STATE", "BY", "NOTE"],
            events.map {
                [
                    $0.at, $0.worker, $0.signal, ($0.from.map { $0 + " -> " } ?? "") + $0.to, $0.actor, $0.note ?? "",
                ]
            }
        )
    }

    /// Columns as wide as their widest cell, two spaces apart.
    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = ([head] + rows).map { $0.map(\.printable) }
        let widths = head.indices.map { column in lines.map { $0[column].utf8.count }.max() ?? 0 }
        return lines.map { line in
            var text = zip(line, widths).map { pad($0, $1 + 2) }.joined()
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }.joined()
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
