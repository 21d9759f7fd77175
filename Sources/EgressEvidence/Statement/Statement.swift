// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// What all statements of one run have in common.
public struct StatementSubject: Sendable {
    /// The worker's name.
    public var workerID: String?
    /// The challenge that is answered.
    public var nonce: String?
    /// How long a statement is valid, in seconds.
    public var lifetime: Int64
    /// The digests that the launcher was told, by "image", "build" and "artifact".
    public var origin: [(String, Digest)]
    /// How the command is held.
    public var isolation: IsolationLevel
    /// The version of `egress-run`.
    public var version: String

    /// The subject of a run's statements.
    public init(
        workerID: String?,
        nonce: String?,
        lifetime: Int64,
        origin: [(String, Digest)],
        isolation: IsolationLevel,
        version: String
    ) {
        (self.workerID, self.nonce, self.lifetime) = (workerID, nonce, lifetime)
        (self.origin, self.isolation, self.version) = (origin, isolation, version)
    }
}

/// What is stated before a command runs.
public struct StartStatement: Sendable {
    /// The digest of the policy's canonical form.
    public var policy: Digest
    /// The executable of `egress-run`.
    public var launcher: FileMeasurement
    /// What will be executed.
    public var executable: ExecutableMeasurement
    /// What was measured of the command; nil where nothing holds it but itself.
    public var measurement: Measurement?

    /// What is stated before a command runs.
    public init(
        policy: Digest,
        launcher: FileMeasurement,
        executable: ExecutableMeasurement,
        measurement: Measurement?
    ) {
        (self.policy, self.launcher) = (policy, launcher)
        (self.executable, self.measurement) = (executable, measurement)
    }
}

/// What is stated after a command has ended.
public struct FinalStatement: Sendable {
    /// The identifier of the statement at the start.
    public var start: String
    /// The exit status of `egress-run`.
    public var exitStatus: Int32
    /// How many decisions allowed and denied.
    public var allowed, denied: UInt64
    /// The digest of what was written to the audit log, and how many events were not; nil without one.
    public var audit: (digest: Digest, lost: UInt64)?

    /// What is stated after a command has ended.
    public init(
        start: String,
        exitStatus: Int32,
        allowed: UInt64,
        denied: UInt64,
        audit: (digest: Digest, lost: UInt64)?
    ) {
        (self.start, self.exitStatus) = (start, exitStatus)
        (self.allowed, self.denied, self.audit) = (allowed, denied, audit)
    }
}

/// A signed statement.
public struct Token: Sendable {
    /// Its identifier (`jti`).
    public let identifier: String
    /// The compact JWS (RFC 7515, section 7.1).
    public let text: [UInt8]

    /// Signs what is stated before a command runs.
    public init(
        _ statement: StartStatement,
        _ subject: StatementSubject,
        key: borrowing SigningKey
    ) throws(SystemError) {
        try self.init(own: statement.claims(subject), subject, key)
    }

    /// Signs what is stated after a command has ended.
    public init(
        _ statement: FinalStatement,
        _ subject: StatementSubject,
        key: borrowing SigningKey
    ) throws(SystemError) {
        try self.init(own: statement.claims(subject), subject, key)
    }

    private init(
        own: [(String, JSON)],
        _ subject: StatementSubject,
        _ key: borrowing SigningKey
    ) throws(SystemError) {
        identifier = String(decoding: Base64.encodeURL(try randomBytes(16)), as: UTF8.self)
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { throw SystemError("asking for the time") }
        let now = Int64(time.tv_sec)
        var claims: [(String, JSON)] = [
            ("eat_profile", .text(EvidenceProfile.identifier)), ("iss", .text(EvidenceProfile.software)),
        ]
        if let workerID = subject.workerID { claims.append(("sub", .text(workerID))) }
        claims += [
            ("jti", .text(identifier)), ("iat", .number(now)), ("nbf", .number(now)),
            ("exp", .number(now + subject.lifetime)),
        ]
        if let nonce = subject.nonce { claims.append(("eat_nonce", .text(nonce))) }
        claims += [
            ("swname", .text(EvidenceProfile.software)), ("swversion", .list([.text(subject.version)])),
            (EvidenceProfile.namespace, .object(own)),
        ]
        let header = JSON.object([
            ("alg", .text("EdDSA")), ("kid", .text(key.identifier)), ("typ", .text(EvidenceProfile.type)),
        ])
        let signed = Base64.encodeURL(header.bytes) + [UInt8(ascii: ".")] + Base64.encodeURL(JSON.object(claims).bytes)
        text = signed + [UInt8(ascii: ".")] + Base64.encodeURL(key.sign(signed))
    }
}
