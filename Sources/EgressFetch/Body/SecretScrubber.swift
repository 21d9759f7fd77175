// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Takes the credentials of a fetch out of whatever the servers echo, in a stream of any cut: as they are, percent-encoded,
/// in hexadecimal and in base64 at each of its three alignments.
///
/// A caller may use a credential and must not see it; many a service answers with the header it got.
struct SecretScrubber: Sendable {
    static let mark = Array("[REDACTED]".utf8)

    /// A shorter secret is no secret, and would be found by chance.
    private static let minimumLength = 6

    private var forms: [[UInt8]] = []
    /// Whether any form begins with a byte.
    private var begins = [Bool](repeating: false, count: 256)
    private var longest = 0
    private var held: [UInt8] = []

    /// Whether there is nothing to look for.
    var isEmpty: Bool { forms.isEmpty }

    /// Looks for one more value.
    mutating func add(_ secret: [UInt8]) {
        guard secret.count >= Self.minimumLength else { return }
        // A host's name comes back in lower case.
        let lowered = Array(String(decoding: secret, as: UTF8.self).lowercased().utf8)
        for form in Self.forms(of: secret) + [lowered] where form.count >= Self.minimumLength && !forms.contains(form) {
            forms.append(form)
            begins[Int(form[0])] = true
            longest = max(longest, form.count)
        }
        // The longest form that matches is the one to take out.
        forms.sort { $0.count > $1.count }
    }

    /// The text without credentials.
    func scrub(_ text: String) -> String {
        guard !isEmpty else { return text }
        var copy = self
        copy.held = []
        let bytes = copy.scrub(Array(text.utf8)[...]) + copy.finish()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text holds a credential.
    func finds(in text: String) -> Bool { !isEmpty && scrub(text) != text }

    /// What is certain of the stream so far.
    mutating func scrub(_ piece: ArraySlice<UInt8>) -> [UInt8] {
        held += piece
        return take(upTo: held.count - longest + 1)
    }

    /// What was held back, at the stream's end.
    mutating func finish() -> [UInt8] { take(upTo: held.count) }

    /// Takes what begins before an index, all of which is known there.
    private mutating func take(upTo end: Int) -> [UInt8] {
        guard end > 0 else { return [] }
        var output: [UInt8] = [], index = 0, copied = 0
        output.reserveCapacity(held.count)
        while index < end {
            guard begins[Int(held[index])], let form = forms.first(where: { held[index...].starts(with: $0) }) else {
                index += 1
                continue
            }
            output += held[copied..<index] + Self.mark
            index += form.count
            copied = index
        }
        output += held[copied..<max(index, copied)]
        held.removeSubrange(..<index)
        return output
    }

    /// The forms in which a value is likely to be echoed.
    private static func forms(of secret: [UInt8]) -> [[UInt8]] {
        let digits = Array("0123456789abcdef".utf8), capitals = Array("0123456789ABCDEF".utf8)
        func hex(_ digits: [UInt8]) -> [UInt8] { secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } }
        func percent(_ digits: [UInt8], _ kept: String) -> [UInt8] {
            secret.flatMap { byte -> [UInt8] in
                let isKept =
                    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) || kept.utf8.contains(byte)
                return isKept ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        var forms = [secret, hex(digits), hex(capitals)]
        for kept in ["-._~", "-._~!*'()", "-._~!$&'()*+,;=:@/?"] {
            forms += [percent(digits, kept), percent(capitals, kept)]
        }
        for alphabet in ["+/", "-_"] { forms += (0..<3).map { base64(secret, skipping: $0, alphabet) } }
        return forms
    }

    /// The part of base64 that any text with the secret in it has, when so many bytes (modulo 3) stand before the secret.
    private static func base64(_ secret: [UInt8], skipping offset: Int, _ last: String) -> [UInt8] {
        let letters = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        // Digits that other bytes have a share in are left out, at both ends.
        let bits = secret.count * 8, first = (6 - offset * 8 % 6) % 6
        return stride(from: first, through: bits - 6, by: 6).map { bit in
            let high = Int(secret[bit / 8]) << 8, low = bit / 8 + 1 < secret.count ? Int(secret[bit / 8 + 1]) : 0
            return letters[((high | low) >> (10 - bit % 8)) & 63]
        }
    }
}
