// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFetch
import EgressText

/// The options that say how much a fetch may cost.
struct BoundOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Cut the body after so many bytes, packed or unpacked; K, M and G are binary. Default: 10M.",
            valueName: "size"
        )
    )
    var maxBytes: String?

    @Option(help: ArgumentHelp("Follow so many redirects at most.", valueName: "count"))
    var maxRedirects = 10

    @Option(help: ArgumentHelp("Give up when all of it takes longer. Default: 300.", valueName: "seconds"))
    var timeout: Double?

    @Option(
        help: ArgumentHelp("Give up when a connection takes longer, TLS included. Default: 10.", valueName: "seconds")
    )
    var connectTimeout: Double?

    @Option(help: ArgumentHelp("Give up when a response's header takes longer. Default: 30.", valueName: "seconds"))
    var headerTimeout: Double?

    func validate() throws { _ = try limits() }

    func limits() throws -> FetchLimits {
        var limits = FetchLimits()
        if let maxBytes {
            guard let size = Self.size(maxBytes), size > 0 else {
                throw ValidationError("--max-bytes \(maxBytes.quoted()) is no size above 0, such as 500000, 200K or 1G")
            }
            limits.maxBytes = size
        }
        guard 0...100 ~= maxRedirects else { throw ValidationError("--max-redirects wants a number from 0 to 100") }
        limits.maxRedirects = maxRedirects
        limits.totalTimeout = try Self.duration(timeout, "--timeout") ?? limits.totalTimeout
        limits.connectTimeout = try Self.duration(connectTimeout, "--connect-timeout") ?? limits.connectTimeout
        limits.headerTimeout = try Self.duration(headerTimeout, "--header-timeout") ?? limits.headerTimeout
        return limits
    }

    /// A number of bytes, perhaps with a unit.
    static func size(_ text: String) -> UInt64? {
        let shifts: [Character: UInt64] = ["K": 10, "M": 20, "G": 30]
        let shift = text.last.flatMap { shifts[Character($0.uppercased())] }
        let digits = shift == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(digits)
        else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
        return overflow ? nil : product
    }

    private static func duration(_ seconds: Double?, _ option: String) throws -> Duration? {
        guard let seconds else { return nil }
        guard seconds >= 0.001, seconds <= 86_400 else {
            throw ValidationError("\(option) wants a number of seconds from 0.001 to 86400")
        }
        return .seconds(seconds)
    }
}
