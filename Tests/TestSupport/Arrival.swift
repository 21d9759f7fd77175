// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

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
    /// In a world whose only link is `lo` a packet has arrived when the send returns.
    public func arrivals<Result>(during body: () throws -> Result) throws -> (Result, [Arrival]) {
        let path = "\(directory)/arrivals"
        try settle()
        guard let before = size(of: path) else { throw SupportError("the canary keeps no record") }
        let result = try body()
        try settle()
        guard let new = contents(of: path, from: before) else { throw SupportError("the canary's record is gone") }
        let decoder = JSONDecoder(), lines = new.split(separator: UInt8(ascii: "\n"))
        return (result, try lines.map { try decoder.decode(Arrival.self, from: Data($0)) })
    }

    /// Waits until the canary has recorded all that came so far: it writes when its server gets to it, and what it writes
    /// late would be taken for the doing of whoever comes next.
    private func settle() throws {
        let ask = unsafe open("\(directory)/canary.ask", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        let answer = unsafe open("\(directory)/canary.answer", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer {
            close(ask)
            close(answer)
        }
        var byte = UInt8(ascii: "?")
        var waiting = pollfd(fd: answer, events: Int16(POLLIN), revents: 0)
        guard unsafe write(ask, &byte, 1) == 1, unsafe poll(&waiting, 1, 20_000) == 1,
            unsafe read(answer, &byte, 1) == 1
        else { throw SupportError("the canary does not answer") }
    }
}
