// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// The audit file: JSON Lines, an event a line, in the order in which they happened.
///
/// The file is opened by the caller before the command is isolated, and never again, so that nothing the command does
/// to paths can lead it elsewhere.
public struct AuditLog: ~Copyable {
    /// Room that is kept for the line that tells of the limit and for the command's end, in bytes.
    static let reserve: UInt64 = 1024

    /// True once the limit is reached.
    public private(set) var isFull = false
    private let limit: UInt64?
    private var written: UInt64 = 0
    /// Events that the limit kept out.
    private var withheld: UInt64 = 0
    private var writer: LineWriter
    private var line = JSONLine()

    /// A log on a descriptor that the caller opened (for appending) and keeps open.
    ///
    /// - Parameters:
    ///   - limit: how many bytes are written at most, by this log; nil for any number
    ///   - tap: is given all that was written, in order
    public init(descriptor: Int32, limit: UInt64? = nil, tap: ((ArraySlice<UInt8>) -> Void)? = nil) {
        self.limit = limit
        writer = LineWriter(descriptor: descriptor, tap: tap)
    }

    /// How many events could not be written.
    public var lostEvents: UInt64 { writer.lostLines + withheld }

    /// Writes one event.
    ///
    /// - Throws: The first failure only; those after it count in `lostEvents`.
    public mutating func write(_ event: AuditEvent) throws(WriteError) {
        line.set(event)
        guard let limit, event.kind != .exit else { return try writeLine() }
        if !isFull, written + UInt64(line.bytes.count) + Self.reserve <= limit { return try writeLine() }
        withheld &+= 1
        guard !isFull else { return }
        isFull = true
        var marker = AuditEvent(.limit, at: event.time)
        marker.detail = "the log has reached its limit of \(limit) bytes; what follows is not written, but for the end"
        line.set(marker)
        try writeLine()
    }

    private mutating func writeLine() throws(WriteError) {
        // What can't be written counts as well: part of it may have been.
        written += UInt64(line.bytes.count)
        try writer.write(line.bytes)
    }

    /// The line of an event, with the newline at its end.
    public static func line(for event: AuditEvent) -> [UInt8] {
        var line = JSONLine()
        line.set(event)
        return line.bytes
    }
}

extension JSONLine {
    /// Makes the line that of an event. What is not known is left out, and free text tells no secret.
    mutating func set(_ event: AuditEvent) {
        open()
        add("time", plainText: { event.time.append(to: &$0) })
        add("event", event.kind.rawValue)
        if let verdict = event.verdict {
            add("decision", verdict.isAllowed ? "allow" : "deny")
            add("reason", verdict.reason.rawValue)
            if let rule = verdict.rule { add("rule", rule.description) }
        }
        if let host = event.host { add("host", host) }
        if let type = event.recordType { add("record_type", type) }
        if !event.addresses.isEmpty { add("addresses", event.addresses.map(\.description)) }
        if let address = event.address { add("address", address.description) }
        if let port = event.port { add("port", port) }
        if let path = event.path { add("path", path) }
        if let transport = event.transport { add("protocol", transport.rawValue) }
        if let caller = event.caller {
            if let pid = caller.pid { add("pid", pid) }
            if let pid = caller.hostPid { add("host_pid", pid) }
            if let path = caller.executable { add("exe", path) }
            if let name = caller.name { add("argv0", Redactor.redact(name)) }
        }
        if let count = event.bytesSent { add("bytes_sent", count) }
        if let count = event.bytesReceived { add("bytes_received", count) }
        if let detail = event.detail { add("detail", Redactor.redact(detail)) }
        if let status = event.status { add("status", status) }
        close()
    }
}
