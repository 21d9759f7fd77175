// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import EgressEvidence
import EgressSandbox
import Glibc
import LinuxSystem

/// Makes the signed statements of one run (Sources/EgressEvidence/README.md).
final class Attestor {
    /// Why the command must not run.
    enum Refusal {
        /// There is none that could be executed.
        case notExecutable(code: Int32)
        /// It can't be attested.
        case failed(Failure)
    }

    /// Why `attest` said no.
    private(set) var refusal: Refusal?
    /// Files that the command must not see: the private key.
    let hidden: [HiddenFile]

    private let path: String
    private let subject: StatementSubject
    private let keyFile: SigningKeyFile
    private let launcher: LauncherMeasurement
    /// The digest of the policy's canonical form.
    private var policy = SHA256().digest
    private var start: String?
    private var auditHash = SHA256()
    private var hasAudit = false

    /// Nil when nothing is to be attested; throws when it can't be done as asked. Begins to read our own executable, which
    /// takes as long as all else that is done before the command runs.
    init?(_ options: Options) throws(Failure) {
        guard let wanted = options.attestation else { return nil }
        guard wanted.path != "-" else {
            throw Failure("--attest: '-' is no file (the statement is put in its place whole)")
        }
        path = wanted.path
        subject = try Self.subject(wanted, options.isolation)
        let keyPath: String
        if let given = wanted.keyPath { keyPath = given } else { keyPath = try Self.defaultKeyPath() }
        do {
            keyFile = try SigningKeyFile(keyPath)
        } catch {
            throw Failure("--attest-key: \(error)")
        }
        do {
            let file = try FileDescriptor.open(keyPath, DescriptorKind.pathOnly)
            hidden = try [HiddenFile(of: file.raw)].compactMap(\.self)
        } catch {
            throw Failure("--attest-key: '\(keyPath)': \(error)")
        }
        launcher = LauncherMeasurement(cache: keyPath + ".launcher")
    }

    /// Sets the policy, in its canonical form.
    func set(policy text: String) {
        policy = SHA256.digest(of: Array(text.utf8))
    }

    /// Takes what was written to the audit log.
    var auditTap: (ArraySlice<UInt8>) -> Void {
        hasAudit = true
        return { self.auditHash.update($0) }
    }

    /// Measures a held command and writes the first statement; false, with `refusal` set, if it must not run.
    func attest(_ held: borrowing HeldCommand, _ command: CommandPlan) -> Bool {
        do throws(MeasurementError) {
            let measurement = try Measurement(held)
            try measurement.check(capabilities: command.capabilities)
            let executable = try ExecutableMeasurement(command.candidates, of: "\(held.pid)")
            return state(executable, measurement)
        } catch {
            refusal = Self.refusal(error)
            return false
        }
    }

    /// Writes the first statement for a command that nothing holds but itself.
    func attestUnheld(_ command: CommandPlan) -> Bool {
        do throws(MeasurementError) {
            return state(try ExecutableMeasurement(command.candidates, of: "self"), nil)
        } catch {
            refusal = Self.refusal(error)
            return false
        }
    }

    /// Writes the last statement. What it can't say any more changes nothing of what the command did.
    func conclude(exitStatus: Int32, allowed: UInt64, denied: UInt64, lost: UInt64?) {
        guard let start else { return }
        let statement = FinalStatement(
            start: start,
            exitStatus: exitStatus,
            allowed: allowed,
            denied: denied,
            audit: hasAudit ? (auditHash.digest, lost ?? 0) : nil
        )
        do {
            let token = try Token(statement, subject, key: keyFile.key())
            try write(token, to: finalPath)
        } catch {
            complain("--attest: the last statement can't be written: \(error)")
        }
    }

    private var finalPath: String { path + ".final" }

    private func state(_ executable: ExecutableMeasurement, _ measurement: Measurement?) -> Bool {
        do {
            let key = try keyFile.key()
            let statement = StartStatement(
                policy: policy,
                launcher: try launcher.finish(key),
                executable: executable,
                measurement: measurement
            )
            let token = try Token(statement, subject, key: key)
            // That of an earlier run must not be taken for this one's.
            guard unsafe unlink(finalPath) == 0 || errno == ENOENT else {
                throw SystemError("removing '\(finalPath)'")
            }
            try write(token, to: path)
            start = token.identifier
            return true
        } catch {
            refusal = .failed(Failure("--attest: \(error)"))
            return false
        }
    }

    private func write(_ token: Token, to path: String) throws(SystemError) {
        // Whoever holds a token may register as this worker.
        try AtomicFile.write(token.text + [UInt8(ascii: "\n")], to: path, mode: 0o600, existing: .replaced)
    }

    private static func refusal(_ error: MeasurementError) -> Refusal {
        if case .notExecutable(let code) = error { return .notExecutable(code: code) }
        return .failed(Failure("--attest: \(error)"))
    }
}
