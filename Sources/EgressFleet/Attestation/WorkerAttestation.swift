// SPDX-License-Identifier: Apache-2.0

public import EgressEvidence

/// What `egress-run --attest` stated of one worker, from a token whose signature was good.
///
/// The claims are specified in Sources/EgressEvidence/README.md.
public struct WorkerAttestation: Sendable, Equatable {
    /// The longest token that is looked at, in bytes.
    public static let maximumTokenLength = 16 << 10
    /// The longest worker id, in bytes of UTF-8.
    public static let maximumWorkerIDLength = 128

    /// When in a run a statement was made.
    public enum Statement: String, Sendable, Equatable, CaseIterable {
        /// Before the command ran: how it is held.
        case start
        /// After it ended: what became of it.
        case final
    }

    /// When it was made.
    public var statement = Statement.start
    /// The identifier of the key that signed it.
    public var keyID: String
    /// Unique to this statement (`jti`).
    public var tokenID: String
    /// The worker it is about (`sub`), if it names one.
    public var workerID: String?
    /// When it was issued, begins to be and ceases to be valid; in seconds since 1970.
    public var issuedAt, notBefore, expiresAt: Int64
    /// The challenge it answers (`eat_nonce`), if there was one.
    public var nonce: String?
    /// The version of `egress-run`.
    public var softwareVersion: String
    /// How the worker is held.
    public var isolation: IsolationLevel
    /// What was measured of the worker from outside; nil if nothing was, as with `preload`.
    public var measurements: Measurements?
    /// The digest of the policy in its canonical form.
    public var policyDigest: Digest?
    /// The digest of the executable of `egress-run`.
    public var launcherDigest: Digest?
    /// The file that was executed.
    public var executable: Executable?
    /// What the launcher was told about the worker's origin; it cannot measure that.
    public var imageDigest, buildDigest, artifactDigest: Digest?
    /// The release of the kernel and the machine's architecture, as uname(2) has them.
    public var kernelRelease, machine: String?
    /// What became of the run; only in a final statement.
    public var outcome: Outcome?

    /// A file that was executed.
    public struct Executable: Sendable, Equatable {
        /// Its path in the worker.
        public var path: String
        /// Its digest.
        public var digest: Digest
        /// The interpreter that the kernel runs it with, if it is a script.
        public var interpreter: Interpreter?

        /// A file that was executed.
        public init(path: String, digest: Digest, interpreter: Interpreter? = nil) {
            (self.path, self.digest, self.interpreter) = (path, digest, interpreter)
        }
    }

    /// The interpreter of a script.
    public struct Interpreter: Sendable, Equatable {
        /// Its path in the worker.
        public var path: String
        /// Its digest.
        public var digest: Digest

        /// The interpreter of a script.
        public init(path: String, digest: Digest) {
            (self.path, self.digest) = (path, digest)
        }
    }

    /// What became of a run.
    public struct Outcome: Sendable, Equatable {
        /// The identifier (`jti`) of the statement made at its start.
        public var start: String
        /// The exit status of `egress-run`.
        public var exitStatus: Int64
        /// How many decisions allowed and denied.
        public var allowed, denied: Int64
        /// The digest of all that was written to the audit log, if there was one.
        public var auditDigest: Digest?
        /// How many of its events could not be written.
        public var auditLost: Int64

        /// What became of a run.
        public init(
            start: String,
            exitStatus: Int64,
            allowed: Int64,
            denied: Int64,
            auditDigest: Digest? = nil,
            auditLost: Int64 = 0
        ) {
            (self.start, self.exitStatus) = (start, exitStatus)
            (self.allowed, self.denied) = (allowed, denied)
            (self.auditDigest, self.auditLost) = (auditDigest, auditLost)
        }
    }

    /// A statement that shows nothing yet; for what is not read from a token.
    public init(
        keyID: String,
        tokenID: String,
        workerID: String?,
        issuedAt: Int64,
        expiresAt: Int64,
        isolation: IsolationLevel,
        softwareVersion: String
    ) {
        (self.keyID, self.tokenID, self.workerID) = (keyID, tokenID, workerID)
        (self.issuedAt, notBefore, self.expiresAt) = (issuedAt, issuedAt, expiresAt)
        (self.isolation, self.softwareVersion) = (isolation, softwareVersion)
    }

    /// The digest of the file that was executed.
    public var executableDigest: Digest? { executable?.digest }

    /// Whether all of the worker's traffic was shown to go through the gate.
    public var isEgressProxyAttested: Bool { missingBinding == nil }
}
