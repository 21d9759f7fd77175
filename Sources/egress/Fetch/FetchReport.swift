// SPDX-License-Identifier: Apache-2.0

import EgressFetch
import EgressPolicy
import EgressRequests
import FoundationEssentials

/// What `egress fetch --json` prints. Scripts rely on its keys; what is not known is left out.
struct FetchReport: Encodable {
    struct Field: Encodable {
        let name: String
        let value: String
    }

    struct Timings: Encodable {
        let dns: Double?
        let connect: Double?
        let tls: Double?
        let firstByte: Double?
    }

    struct Egress: Encodable {
        let reason: String
        let message: String
        let host: String
        let port: UInt16
        let addresses: [String]
        let rule: String?
        let credentialHeaders: [String]
        let fingerprint: String
    }

    struct Hop: Encodable {
        let method: String
        let url: String
        let status: Int?
        let location: String?
        let httpVersion: String?
        let connected: String?
        let droppedHeaders: [String]
        let egress: Egress
        let timingsMs: Timings
    }

    struct Failure: Encodable {
        let code: String
        let message: String
        /// The policy's reason, for `denied`.
        let reason: String?
        let host: String?
        let port: UInt16?
        let rule: String?
        let addresses: [String]?
        /// The rule that would permit it.
        let permit: String?
    }

    /// Whether the exit status is 0.
    let ok: Bool
    var status: Int?
    var url: String?
    var headers: [Field]?
    /// The body as text, if it is UTF-8, and else in base64.
    var body: String?
    var bodyBase64: String?
    var bodyBytes: Int?
    var wireBytes: Int?
    var truncated: Bool?
    var totalMs: Double?
    var error: Failure?
    let hops: [Hop]

    init(_ result: FetchResult, _ output: any FetchOutput) {
        ok = result.isSuccess && !result.isTruncated
        status = result.status
        url = result.url
        headers = result.headers.map { Field(name: $0.name, value: $0.value) }
        if let kept = output.kept {
            body = String(validating: kept, as: UTF8.self)
            if body == nil { bodyBase64 = Data(kept).base64EncodedString() }
        }
        bodyBytes = result.bodyBytes
        wireBytes = result.wireBytes
        truncated = result.isTruncated
        totalMs = result.totalTime.milliseconds
        hops = result.hops.map(Hop.init)
    }

    init(_ failure: FetchError) {
        ok = false
        let policy = failure.policyError
        error = Failure(
            code: failure.code.rawValue,
            message: failure.message,
            reason: policy?.reason.rawValue,
            host: policy?.host,
            port: policy?.port,
            rule: policy?.rule.map { "\($0)" },
            addresses: policy.flatMap { $0.addresses.isEmpty ? nil : $0.addresses.map { "\($0)" } },
            permit: policy?.permittingRule
        )
        hops = failure.hops.map(Hop.init)
    }

    func json() -> String {
        let encoder = JSONEncoder()
        // snake_case, as everywhere.
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else { return #"{"ok": false}"# }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension FetchReport.Hop {
    init(_ hop: FetchHop) {
        self.init(
            method: hop.method,
            url: hop.url,
            status: hop.status,
            location: hop.location,
            httpVersion: hop.version,
            connected: hop.connected.map { "\($0)" },
            droppedHeaders: hop.droppedHeaders,
            egress: FetchReport.Egress(
                reason: hop.egress.reason.rawValue,
                message: hop.egress.message,
                host: hop.egress.host,
                port: hop.egress.port,
                addresses: hop.egress.addresses.map { "\($0)" },
                rule: hop.egress.rule,
                credentialHeaders: hop.egress.credentialHeaders,
                fingerprint: hop.egress.fingerprint
            ),
            timingsMs: FetchReport.Timings(
                dns: hop.timings.dns?.milliseconds,
                connect: hop.timings.connect?.milliseconds,
                tls: hop.timings.tls?.milliseconds,
                firstByte: hop.timings.firstByte?.milliseconds
            )
        )
    }
}

extension Duration {
    /// To the microsecond.
    fileprivate var milliseconds: Double { ((self / .microseconds(1)).rounded()) / 1000 }
}
