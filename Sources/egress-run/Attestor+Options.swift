// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import EgressEvidence
import EgressText
import Glibc

extension Attestor {
    /// What the options say of the run, checked.
    static func subject(
        _ wanted: Options.Attestation,
        _ isolation: Options.Isolation
    ) throws(Failure) -> StatementSubject {
        if let worker = wanted.workerID, worker.utf8.count > 128 || !isPlain(worker) {
            throw Failure("--worker-id \(worker.quoted()) is no name (1 to 128 printable ASCII characters)")
        }
        // RFC 9711, section 4.1: "between 8 and 88 characters".
        if let nonce = wanted.nonce, !(8...88).contains(nonce.utf8.count) || !isPlain(nonce) {
            throw Failure("--attest-nonce \(nonce.quoted()) is no nonce (8 to 88 printable ASCII characters)")
        }
        return StatementSubject(
            workerID: wanted.workerID,
            nonce: wanted.nonce,
            lifetime: wanted.lifetime,
            origin: try origin(wanted.digests),
            isolation: isolation == .preload ? .preload : .netns,
            version: Help.version.split(separator: " ").last.map(String.init) ?? Help.version
        )
    }

    /// The key where `egress attest keygen` puts it.
    static func defaultKeyPath() throws(Failure) -> String {
        func variable(_ name: String) -> String? {
            unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        if let directory = variable("XDG_CONFIG_HOME") { return directory + "/egress/attest.key" }
        if let home = variable("HOME") { return home + "/.config/egress/attest.key" }
        throw Failure("--attest needs a key to sign with (make one with: egress attest keygen; then --attest-key FILE)")
    }

    private static func origin(_ texts: [String]) throws(Failure) -> [(String, Digest)] {
        var origin: [(String, Digest)] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, ["image", "build", "artifact"].contains(parts[0]), let digest = Digest(parts[1])
            else {
                throw Failure(
                    "--attest-digest \(text.quoted()) is no digest (give image=, build= or artifact=sha256: and 64 digits of "
                        + "0-9 and a-f)"
                )
            }
            guard !origin.contains(where: { $0.0 == parts[0] }) else {
                throw Failure("--attest-digest: '\(parts[0])' is given twice (which of the two is meant?)")
            }
            origin.append((String(parts[0]), digest))
        }
        return origin
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } }
}
