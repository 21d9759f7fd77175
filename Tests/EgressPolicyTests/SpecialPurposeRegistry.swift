// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import Testing

/// The IANA registries in `Fixtures/iana`.
enum SpecialPurposeRegistry {
    struct Row: Sendable, CustomTestStringConvertible {
        let block: AddressBlock
        let name: String
        /// The registry's word: `True`, `False`, `N/A`, or nothing.
        let reachable: String

        var testDescription: String { "\(block) \(name)" }
    }

    static let v4 = rows("ipv4-special-registry.csv")
    static let v6 = rows("ipv6-special-registry.csv")
    static let all = v4 + v6

    /// What the registries say of an address: the most specific row counts; outside all rows unicast is global.
    static func isGlobal(_ address: IPAddress) -> Bool {
        // The row of mapped addresses reads as 0.0.0.0/0; they are judged as what they are.
        let rows = all.filter { $0.block.prefixLength > 0 && $0.block.contains(address) }
        if let row = rows.max(by: { $0.block.prefixLength < $1.block.prefixLength }) { return row.reachable == "True" }
        switch address.canonical {
        case .v4(let address): return address.bits >> 28 != 0xe
        case .v6(let address): return address.high >> 61 == 0b001
        }
    }

    private static func rows(_ name: String) -> [Row] {
        let checkout = #filePath.dropLast("/Tests/EgressPolicyTests/SpecialPurposeRegistry.swift".count)
        return lines(of: "\(checkout)/Fixtures/iana/\(name)").dropFirst().compactMap { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == 4, let block = AddressBlock(cells[0]) else { return nil }
            return Row(block: block, name: String(cells[1]), reachable: String(cells[3]))
        }
    }

    private static func lines(of path: String) -> [Substring] {
        guard let file = unsafe fopen(path, "r") else { return [] }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    }
}
