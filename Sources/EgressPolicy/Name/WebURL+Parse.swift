// SPDX-License-Identifier: Apache-2.0

extension WebURL {
    static let colon = UInt8(ascii: ":")
    static let slash = UInt8(ascii: "/")

    static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == slash || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// Reads `host`, `host:port`, `[address]` or `[address]:port`.
    static func authority(
        _ bytes: ArraySlice<UInt8>,
        usualPort: UInt16
    ) throws(WebURLError) -> (Authority, UInt16) {
        var isClean = true
        var bracket: Int?
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "@"): throw WebURLError(.urlCredentialsForbidden)
            case UInt8(ascii: "]"): bracket = index
            case UInt8(ascii: "\\"), UInt8(ascii: "%"): isClean = false
            case 0x21..<0x7f: continue
            default: isClean = false
            }
        }
        guard isClean else { throw WebURLError(.missingHost) }
        let hostEnd = bracket.map { $0 + 1 }
        let portColon = bytes[(hostEnd ?? bytes.startIndex)...].firstIndex(of: colon)
        guard hostEnd == nil || portColon ?? bytes.endIndex == hostEnd else { throw WebURLError(.missingHost) }
        let host = try host(bytes[..<(portColon ?? bytes.endIndex)])
        guard let portColon else { return (host, usualPort) }
        return (host, try port(bytes[(portColon + 1)...]))
    }

    private static func port(_ digits: ArraySlice<UInt8>) throws(WebURLError) -> UInt16 {
        guard (1...5).contains(digits.count) else { throw WebURLError(.missingPort) }
        var value: UInt32 = 0
        for digit in digits {
            guard let digit = digit.decimalDigit else { throw WebURLError(.missingPort) }
            value = value * 10 + UInt32(digit)
        }
        guard let port = UInt16(exactly: value), port > 0 else { throw WebURLError(.missingPort) }
        return port
    }

    private static func host(_ bytes: ArraySlice<UInt8>) throws(WebURLError) -> Authority {
        if bytes.first == UInt8(ascii: "[") {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let address = IPv6Address(text.dropFirst().dropLast()), text.hasSuffix("]") else {
                throw WebURLError(.nonCanonicalAddress)
            }
            return .address(.v6(address))
        }
        // A name begins with a digit seldom enough to be asked twice.
        if bytes.first?.decimalDigit != nil, let address = IPv4Address(String(decoding: bytes, as: UTF8.self)) {
            return .address(.v4(address))
        }
        let name: Host
        do { name = try Host(utf8: bytes) } catch {
            throw WebURLError(error == .address ? .nonCanonicalAddress : .missingHost)
        }
        guard isDecodable(name) else { throw WebURLError(.missingHost) }
        return .name(name)
    }

    /// Whether each international label can be decoded; browsers refuse the others, which DNS would look up.
    private static func isDecodable(_ name: Host) -> Bool {
        let bytes = name.utf8
        // Two hyphens are seldom; without them there is no such label.
        guard zip(bytes, bytes.dropFirst()).contains(where: { $0 == UInt8(ascii: "-") && $1 == $0 }) else {
            return true
        }
        return bytes.split(separator: Host.dot).allSatisfy { Punycode.isSound($0) }
    }

    /// Whether all programs take these bytes as they are: printable ASCII without those that the WHATWG standard rewrites in
    /// a path, and percent signs only before two hexadecimal digits.
    static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
                UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                return false
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.endIndex else { return false }
                guard bytes[index + 1].hexDigit != nil, bytes[index + 2].hexDigit != nil else { return false }
            case 0x21..<0x7f: continue
            default: return false
            }
        }
        return true
    }
}
