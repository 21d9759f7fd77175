// SPDX-License-Identifier: Apache-2.0

/// What scrypt (RFC 7914) costs. The block size is always 8, as the RFC recommends.
struct ScryptParameters: Hashable, Sendable {
    /// The logarithm, to base 2, of the cost N. The memory needed is N KiB.
    let logarithmOfCost: UInt8
    /// How often the cost is paid.
    let parallelization: UInt8

    static let blockSize = 8

    /// 128 MiB, which the OWASP Password Storage Cheat Sheet names as its first choice.
    static let standard = ScryptParameters(logarithmOfCost: 17, parallelization: 1)

    /// 16 MiB to 256 MiB.
    ///
    /// A vault's header is read before anything proves that it is genuine. It must not be able to ask for more memory and
    /// time than a machine has, nor for so little that trying passphrases is cheap.
    static let costs: ClosedRange<UInt8> = 14...18

    /// How often the cost may be paid, for the same reason.
    static let parallelizations: ClosedRange<UInt8> = 1...4

    private init(logarithmOfCost: UInt8, parallelization: UInt8) {
        self.logarithmOfCost = logarithmOfCost
        self.parallelization = parallelization
    }

    /// Nil for parameters out of bounds.
    init?(checking logarithmOfCost: UInt8, _ parallelization: UInt8) {
        guard Self.costs.contains(logarithmOfCost), Self.parallelizations.contains(parallelization) else { return nil }
        self.init(logarithmOfCost: logarithmOfCost, parallelization: parallelization)
    }
}
