// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// What /proc/PID/status says of a process's rights (proc_pid_status(5)).
public struct ProcessStatus: Equatable, Sendable {
    /// seccomp(2)'s mode, 2 with filters, and their number ("Seccomp_filters", Linux 5.9).
    public var seccompMode, seccompFilters: Int64
    /// The effective user and group.
    public var user, group: Int64
    /// Whether no_new_privs is set.
    public var noNewPrivileges: Bool
    /// The capability sets as masks.
    public var inheritable, permitted, effective, bounding, ambient: UInt64

    /// The status of a process: its pid, or "self"; nil if it is gone or something is missing.
    public init?(of process: String) {
        guard let content = contents(ofFile: "/proc/\(process)/status") else { return nil }
        self.init(parsing: content)
    }

    /// From the content of such a file; nil if something is missing.
    init?(parsing content: [UInt8]) {
        var fields: [String: String] = [:]
        for line in content.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            let value = line[(colon + 1)...].drop(while: isSpace)
            fields[String(decoding: line[..<colon], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        func number(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) } }
        func mask(_ name: String) -> UInt64? { fields[name].flatMap { UInt64($0, radix: 16) } }
        // Real, effective, saved, of files.
        func id(_ name: String) -> Int64? {
            let words = (fields[name] ?? "").split { $0 == "\t" || $0 == " " }
            return words.count == 4 ? Int64(words[1]) : nil
        }
        guard let mode = number("Seccomp"), let filters = number("Seccomp_filters"),
            let noNewPrivileges = number("NoNewPrivs"), let inheritable = mask("CapInh"),
            let user = id("Uid"), let group = id("Gid"),
            let permitted = mask("CapPrm"), let effective = mask("CapEff"), let bounding = mask("CapBnd"),
            let ambient = mask("CapAmb")
        else { return nil }
        (seccompMode, seccompFilters, self.noNewPrivileges) = (mode, filters, noNewPrivileges == 1)
        (self.user, self.group) = (user, group)
        (self.inheritable, self.permitted, self.effective) = (inheritable, permitted, effective)
        (self.bounding, self.ambient) = (bounding, ambient)
    }
}
