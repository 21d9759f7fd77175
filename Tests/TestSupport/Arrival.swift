// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Something that reached a canary, where nothing may.
public struct Arrival: Decodable, Equatable, Sendable {
    /// `tcp`, `udp`, `unix` or `signal`.
    public var `protocol`: String
    /// The destination as the canary saw it.
    public var address: String
    /// The port, or the number of a signal.
    public var port: Int
    /// The first bytes; empty for the arrival of a connection itself.
    public var data: String

    /// An arrival.
    public init(protocol: String, address: String, port: Int, data: String) {
        (self.protocol, self.address, self.port, self.data) = (`protocol`, address, port, data)
    }
}

extension TestWorld {
    /// Runs something and tells what reached a canary meanwhile.
    ///
    /// A canary writes when its server gets to it, so a little time is given after the end; in a world whose only link
    /// is `lo` a packet has arrived when the send returns.
    public func arrivals<Result>(during body: () throws -> Result) rethrows -> (Result, [Arrival]) {
        let before = text(of: "\(directory)/arrivals")?.utf8.count ?? 0
        let result = try body()
        usleep(20_000)
        let all = text(of: "\(directory)/arrivals") ?? ""
        let decoder = JSONDecoder()
        return (
            result,
            all.utf8.dropFirst(before).split(separator: UInt8(ascii: "\n"))
                .compactMap { try? decoder.decode(Arrival.self, from: Data($0)) }
        )
    }
}
