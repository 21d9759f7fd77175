// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

/// The members of an object of claims, each read once with its type.
struct Claims {
    /// Where they stand: "" or "egress_run.seccomp.".
    let path: String
    let members: [String: JSONValue]

    init(_ value: JSONValue?, _ path: String) throws(WorkerAttestationError) {
        guard let members = value?.object else { throw .invalidClaim(path.isEmpty ? "claims" : path) }
        (self.members, self.path) = (members, path.isEmpty ? "" : path + ".")
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func child(_ name: String) throws(WorkerAttestationError) -> Claims {
        try Claims(try value(name), path + name)
    }

    func text(_ name: String) throws(WorkerAttestationError) -> String { try read(name) { $0.string } }

    func number(_ name: String) throws(WorkerAttestationError) -> Int64 { try read(name) { $0.integer } }

    func truth(_ name: String) throws(WorkerAttestationError) -> Bool { try read(name) { $0.bool } }

    func list(_ name: String) throws(WorkerAttestationError) -> [JSONValue] { try read(name) { $0.array } }

    func texts(_ name: String) throws(WorkerAttestationError) -> [String] {
        try read(name) { value in
            let texts = value.array?.map(\.string)
            return texts?.contains(nil) == false ? texts?.compactMap(\.self) : nil
        }
    }

    func digest(_ name: String) throws(WorkerAttestationError) -> Digest {
        try read(name) { $0.string.flatMap { Digest($0) } }
    }

    /// A set of capabilities as /proc shows it: 16 hexadecimal digits.
    func mask(_ name: String) throws(WorkerAttestationError) -> UInt64 {
        // UInt64 alone would take a sign.
        func mask(_ text: String) -> UInt64? {
            let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            return isPlain && text.utf8.count == 16 ? UInt64(text, radix: 16) : nil
        }
        return try read(name) { $0.string.flatMap(mask) }
    }

    /// A claim that may be absent, but not of another type.
    func optional<Value>(
        _ name: String,
        _ read: (String) throws(WorkerAttestationError) -> Value
    ) throws(WorkerAttestationError) -> Value? {
        has(name) ? try read(name) : nil
    }

    private func value(_ name: String) throws(WorkerAttestationError) -> JSONValue {
        guard let value = members[name] else { throw .missingClaim(path + name) }
        return value
    }

    private func read<Value>(
        _ name: String,
        _ convert: (JSONValue) -> Value?
    ) throws(WorkerAttestationError) -> Value {
        guard let converted = convert(try value(name)) else { throw .invalidClaim(path + name) }
        return converted
    }
}
