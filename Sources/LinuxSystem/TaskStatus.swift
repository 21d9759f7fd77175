// SPDX-License-Identifier: Apache-2.0

/// What /proc/TID/status says of a thread (proc_pid_status(5)).
public struct TaskStatus: Sendable, Equatable {
    /// Signals as masks (bit n-1 for signal n): pending for the thread, for its process; blocked; ignored.
    public var pending, shared, blocked, ignored: UInt64
    /// How many threads its process has.
    public var threads: Int
    /// Its process, in our pid namespace.
    public var process: Int32
    /// Its process, in its own pid namespace.
    public var innerProcess: Int32
    /// The status of a thread; nil if it is gone.
    public init?(of task: Int32) {
        guard let content = contents(ofFile: "/proc/\(task)/status", limit: 1 << 16) else { return nil }
        self.init(parsing: content)
    }

    /// From the lines of the file; nil if one is missing.
    init?(parsing content: [UInt8]) {
        var fields: [String: [Substring]] = [:]
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let rest = line[line.index(after: colon)...]
            fields[String(line[..<colon])] = rest.split { $0 == "\t" || $0 == " " }
        }
        func mask(_ name: String) -> UInt64? { fields[name]?.first.flatMap { UInt64($0, radix: 16) } }
        guard let pending = mask("SigPnd"), let shared = mask("ShdPnd"), let blocked = mask("SigBlk"),
            let ignored = mask("SigIgn"), let threads = fields["Threads"]?.first.flatMap({ Int($0) }),
            let process = fields["Tgid"]?.first.flatMap({ Int32($0) }),
            let inner = fields["NStgid"]?.last.flatMap({ Int32($0) })
        else { return nil }
        (self.pending, self.shared, self.blocked, self.ignored) = (pending, shared, blocked, ignored)
        (self.threads, self.process, innerProcess) = (threads, process, inner)
    }
}
