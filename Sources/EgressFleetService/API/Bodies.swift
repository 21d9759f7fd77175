// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import EgressText
import FoundationEssentials

/// The body of a request. Members that it does not know are refused: a misspelt one would be ignored in silence.
protocol RequestBodyFormat: Decodable {
    associatedtype CodingKeys: CodingKey & CaseIterable & RawRepresentable where CodingKeys.RawValue == String
}

extension RequestBodyFormat {
    static func read(_ bytes: [UInt8]) throws(ServiceError) -> Self {
        do {
            let decoder = JSONDecoder()
            let names = try decoder.decode(MemberNames.self, from: Data(bytes)).names
            let known = CodingKeys.allCases.map(\.rawValue)
            if let unknown = names.first(where: { !known.contains($0) }) {
                let list = known.joined(separator: ", ")
                throw ServiceError.badRequest("unknown member \(unknown.quoted()); known here: \(list)")
            }
            return try decoder.decode(Self.self, from: Data(bytes))
        } catch let error as ServiceError {
            throw error
        } catch let DecodingError.keyNotFound(key, _) {
            throw .badRequest("the member '\(key.stringValue)' is missing")
        } catch let DecodingError.typeMismatch(_, context) {
            throw .badRequest("\(Self.place(context)) is of another type")
        } catch let DecodingError.valueNotFound(_, context) {
            throw .badRequest("\(Self.place(context)) is null")
        } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
            throw .badRequest("\(Self.place(context)) can't be that")
        } catch {
            throw .badRequest("the body is no JSON object")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.first.map { "the member '\($0.stringValue)'" } ?? "the body"
    }
}

private struct MemberNames: Decodable {
    struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    let names: [String]

    init(from decoder: any Decoder) throws {
        names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
    }
}

struct RegisterBody: RequestBodyFormat {
    let attestation: String

    enum CodingKeys: String, CodingKey, CaseIterable { case attestation }
}

struct ReattestBody: RequestBodyFormat {
    let attestation: String
    let lease: String

    enum CodingKeys: String, CodingKey, CaseIterable { case attestation, lease }
}

struct HeartbeatBody: RequestBodyFormat {
    let lease: String
    let status: String?
    let running: Int?
    let note: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case lease, status, running, note }

    func heartbeat() throws(ServiceError) -> Heartbeat {
        guard let status = Heartbeat.Status(rawValue: status ?? "alive") else {
            throw .badRequest("'status' is alive, failed or finished")
        }
        return Heartbeat(status: status, running: running ?? 0, note: note)
    }
}

struct NoteBody: RequestBodyFormat {
    let note: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case note }
}
