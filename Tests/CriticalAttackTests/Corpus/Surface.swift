// SPDX-License-Identifier: Apache-2.0

/// Where an attack is replayed. One that the file names and that is not here fails the whole suite.
enum Surface: String, CaseIterable, Decodable, Sendable {
    /// The Swift API: EgressProxyPolicyService, WorkerAttestation.
    case library
    /// `egress check`.
    case check
    /// `egress fetch`.
    case fetch
    /// `egress-run`, which the kernel enforces, around curl.
    case launcher
    /// libegress-preload.so in curl.
    case preload
    /// libegress.so, called as a C program would.
    case cABI = "c_abi"
    /// `egress attest verify`.
    case attestVerify = "attest_verify"
    /// Registration with a fleet over HTTP.
    case fleetAPI = "fleet_api"
    /// `egress redact`.
    case redact

    /// Where the surface records what it denies.
    var audits: Set<AuditSurface> {
        switch self {
        case .library: [.typedError]
        case .check: [.checkReport]
        case .fetch: [.fetchReport]
        case .launcher: [.auditLog, .denialLine]
        case .preload: [.denialLine]
        case .cABI: [.decision]
        case .attestVerify: [.refusalReport]
        case .fleetAPI: [.apiError]
        case .redact: [.redactionReport]
        }
    }
}

/// Where a denial is recorded.
enum AuditSurface: String, CaseIterable, Decodable, Sendable {
    /// The error that the Swift API throws.
    case typedError = "typed_error"
    /// What `egress check --json` prints.
    case checkReport = "check_report"
    /// What `egress fetch --json` prints.
    case fetchReport = "fetch_report"
    /// A line of `egress-run --audit`.
    case auditLog = "audit_log"
    /// A line on standard error for people.
    case denialLine = "denial_line"
    /// The egress_decision of the C ABI.
    case decision
    /// What `egress attest verify --json` prints.
    case refusalReport = "refusal_report"
    /// The body of an answer of the fleet's API.
    case apiError = "api_error"
    /// What `egress redact --report` writes.
    case redactionReport = "redaction_report"
    /// Nowhere: nothing is decided where nothing leaves.
    case none
}
