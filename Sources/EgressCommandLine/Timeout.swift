// SPDX-License-Identifier: Apache-2.0

import EgressText

/// The longest time that can be asked for: over 30 years, and far from the end of a 64-bit count of nanoseconds.
private let longestTimeout: UInt64 = 1_000_000_000

/// Reads a decimal number of seconds, such as `10`, `0.5` or `.5`.
///
/// Exponents, signs, units and other digits than ASCII are refused: `strtod` would read `1e3`, `inf` and `0x10`, and
/// the decimal comma of some locales.
func nanoseconds(of text: String) throws(UsageError) -> UInt64 {
    let wrong = UsageError(
        "the timeout \(text.quoted()) is not a number of seconds",
        hint: "a decimal number such as 30 or 0.5"
    )
    var total: UInt64 = 0
    var unit: UInt64 = 0  // Nanoseconds that the next digit of the fraction is worth; 0 before the point.
    var hasPoint = false
    var hasDigit = false
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "."):
            guard !hasPoint else { throw wrong }
            hasPoint = true
            unit = 100_000_000
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            hasDigit = true
            let digit = UInt64(byte - UInt8(ascii: "0"))
            if hasPoint {
                total += digit * unit
                unit /= 10
            } else {
                total = total * 10 + digit * 1_000_000_000
                if total > longestTimeout * 1_000_000_000 {
                    throw UsageError(
                        "the timeout \(text.quoted()) is too long",
                        hint: "at most \(longestTimeout) seconds"
                    )
                }
            }
        default: throw wrong
        }
    }
    guard hasDigit else { throw wrong }
    guard total > 0 else {
        throw UsageError("the timeout \(text.quoted()) is no time at all", hint: "leave it out to run without one")
    }
    return total
}
