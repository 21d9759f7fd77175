// SPDX-License-Identifier: Apache-2.0

/// Every option of this version: the table that the parser reads.
enum Option: String, CaseIterable {
    case allow = "--allow"
    case deny = "--deny"
    case policy = "--policy"
    case allowPrivate = "--allow-private"
    case allowUnix = "--allow-unix"
    case allowUnixDatagram = "--allow-unix-datagram"
    case device = "--device"
    case dns = "--dns"
    case audit = "--audit"
    case auditLimit = "--audit-limit"
    case isolation = "--isolation"
    case preload = "--preload"
    case timeout = "--timeout"
    case attest = "--attest"
    case attestKey = "--attest-key"
    case attestNonce = "--attest-nonce"
    case attestTTL = "--attest-ttl"
    case attestDigest = "--attest-digest"
    case workerID = "--worker-id"
    case shell = "-c"
    case quiet = "-q"
    case verbose = "-v"
    case version = "--version"
    case help = "--help"

    /// What the help text calls the value; nil for an option that takes none.
    var value: String? {
        switch self {
        case .allow, .deny: "RULE"
        case .policy, .audit, .attest, .attestKey: "FILE"
        case .attestNonce: "TEXT"
        case .attestDigest: "NAME=DIGEST"
        case .workerID: "ID"
        case .allowUnix, .allowUnixDatagram, .device: "PATH"
        case .dns: "ADDR[:PORT]"
        case .auditLimit: "SIZE"
        case .isolation: "MODE"
        case .timeout, .attestTTL: "SECONDS"
        case .allowPrivate, .preload, .shell, .quiet, .verbose, .version, .help: nil
        }
    }

    /// Whether a second one would leave in doubt which of the two is meant.
    var isGivenOnce: Bool {
        switch self {
        case .policy, .audit, .auditLimit, .isolation, .timeout: true
        case .attest, .attestKey, .attestNonce, .attestTTL, .workerID: true
        default: false
        }
    }

    /// Spellings of other tools, and ours for them.
    static let usualNames = [
        "--quiet": "-q", "--verbose": "-v", "--command": "-c", "-h": "--help", "-?": "--help", "-V": "--version",
        "--allow-domain": "--allow", "--allow-domains": "--allow", "--allow-host": "--allow", "--allow-net": "--allow",
        "--config": "--policy", "--attestation": "--attest", "--nonce": "--attest-nonce", "--worker": "--worker-id",
        "--key": "--attest-key", "--audit-log": "--audit", "--dev": "--device", "-p": "--policy",
    ]
}
