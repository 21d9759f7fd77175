// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// How the user namespace's ids are mapped (user_namespaces(7)): every id to itself, as far as the caller may.
public struct Identity: Sendable, Equatable {
    /// Lines for uid_map.
    public let userMap: String
    /// Lines for gid_map.
    public let groupMap: String
    /// True when setgroups(2) must be given up before gid_map can be written.
    public let deniesSetgroups: Bool
    /// What the command keeps of its capabilities in the namespace, as a mask (bit = number in capabilities(7)).
    public let capabilities: UInt64

    /// The calling process's: root maps all ids it has, anyone else only their own.
    public static func current() -> Identity {
        let user = geteuid()
        guard user == 0 else {
            return Identity(
                userMap: "\(user) \(user) 1\n",
                groupMap: "\(getegid()) \(getegid()) 1\n",
                deniesSetgroups: true,
                capabilities: 0
            )
        }
        return Identity(
            userMap: identityMap(of: contents(ofFile: "/proc/self/uid_map")),
            groupMap: identityMap(of: contents(ofFile: "/proc/self/gid_map")),
            deniesSetgroups: false,
            capabilities: ordinaryCapabilities
        )
    }

    /// True if the command's namespace has a group.
    func hasGroup(_ number: UInt64) -> Bool {
        groupMap.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            return fields.count == 3 && number >= fields[0] && number - fields[0] < fields[2]
        }
    }

    /// Each range of the caller's own map, mapped to itself.
    static func identityMap(of map: [UInt8]?) -> String {
        let lines = (map ?? []).split(separator: UInt8(ascii: "\n")).compactMap { line -> String? in
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count == 3 else { return nil }
            let (inside, count) = (
                String(decoding: fields[0], as: UTF8.self), String(decoding: fields[2], as: UTF8.self)
            )
            return "\(inside) \(inside) \(count)\n"
        }
        return lines.isEmpty ? "0 0 1\n" : lines.joined()
    }

    /// What programs run by root ordinarily use on files and ids: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID,
    /// KILL, SETGID, SETUID, NET_BIND_SERVICE, SYS_CHROOT and SETFCAP. None reaches a network or another namespace.
    static let ordinaryCapabilities: UInt64 = [0, 1, 2, 3, 4, 5, 6, 7, 10, 18, 31].reduce(0) { $0 | 1 << UInt64($1) }
}
