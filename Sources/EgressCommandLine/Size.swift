// SPDX-License-Identifier: Apache-2.0

import EgressText

/// The least that an audit is good for: its first lines, the one that tells of the limit, and its end.
private let smallestAudit: UInt64 = 4096

/// Reads the limit of an audit in bytes: a whole number, which K, M or G may follow and multiply by 1024 each; nil for 0,
/// which is no limit.
func auditLimit(of text: String) throws(UsageError) -> UInt64? {
    let wrong = UsageError(
        "the limit \(text.quoted()) is not a number of bytes",
        hint: "a whole number such as 1000000, 500K, 64M or 2G; 0 for no limit"
    )
    var digits = text.utf8[...]
    let shift: UInt64
    switch digits.last {
    case UInt8(ascii: "K"), UInt8(ascii: "k"): shift = 10
    case UInt8(ascii: "M"), UInt8(ascii: "m"): shift = 20
    case UInt8(ascii: "G"), UInt8(ascii: "g"): shift = 30
    default: shift = 0
    }
    if shift > 0 { digits = digits.dropLast() }
    // More than ten digits and a G would not fit.
    guard (1...10).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw wrong }
    let number = digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) } << shift
    if number == 0 { return nil }
    guard number >= smallestAudit else {
        throw UsageError("the limit \(text.quoted()) is too small", hint: "at least 4K; 0 for no limit")
    }
    return number
}
