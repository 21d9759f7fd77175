// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import EgressText
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// A request that may be made, taken apart.
struct FleetCall: Sendable {
    /// The worker in the path; empty where the path has none.
    var workerID = ""
    var query: [String: String] = [:]
    var body: [UInt8] = []

    /// A whole number of the query, within bounds.
    func number(_ name: String, default value: Int64, in bounds: ClosedRange<Int64>) throws(ServiceError) -> Int64 {
        guard let text = query[name] else { return value }
        guard let number = Int64(text), bounds.contains(number), String(number) == text else {
            throw .badRequest("'\(name)' is a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    /// A state of the query.
    func state() throws(ServiceError) -> WorkerState? {
        guard let text = query["state"] else { return nil }
        guard let state = WorkerState(rawValue: text) else {
            let known = WorkerState.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badRequest("'state' is one of \(known)")
        }
        return state
    }

    /// Takes a query apart; a parameter that is not known, stands twice, or is no UTF-8 is refused.
    static func query(_ text: String?, known: [String]) throws(ServiceError) -> [String: String] {
        var result: [String: String] = [:]
        for pair in (text ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]), known.contains(name) else {
                let list = known.isEmpty ? "there are none here" : "known here: " + known.joined(separator: ", ")
                throw .badRequest("unknown parameter \(String(parts[0]).quoted()); \(list)")
            }
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1]) else {
                throw .badRequest("the parameter '\(name)' has no value that can be read")
            }
            guard result.updateValue(value, forKey: name) == nil else {
                throw .badRequest("the parameter '\(name)' is given twice")
            }
        }
        return result
    }
}

extension Response {
    /// An answer in JSON.
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Our own types of numbers and text: there is nothing in them that can't be encoded.
        let data = (try? encoder.encode(value)) ?? Data("{}".utf8)
        return answer(Array(data), type: "application/json", status: status, headers: headers)
    }

    static func answer(
        _ bytes: [UInt8],
        type: String,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        headers[.xContentTypeOptions] = "nosniff"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func error(_ error: ServiceError) -> Response {
        json(ErrorReply(reason: error.reason, message: error.message), status: error.status, headers: error.headers)
    }
}
