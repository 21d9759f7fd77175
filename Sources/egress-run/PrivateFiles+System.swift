// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem

extension PrivateFiles {
    /// The name service of the command: our resolver alone, and its own loopback.
    ///
    /// - Parameter hidden: files that the command can't reach, as the audit file.
    static func forCommand(_ system: ResolverConfiguration, hostname: String, hidden: [HiddenFile]) -> PrivateFiles {
        PrivateFiles(
            contents: [
                ("/etc/resolv.conf", Array(resolverConfiguration(system).utf8)),
                ("/etc/hosts", Array(hosts(hostname).utf8)),
                ("/etc/nsswitch.conf", nameServiceSwitch(LinuxSystem.contents(ofFile: "/etc/nsswitch.conf") ?? [])),
            ],
            hidden: hidden
        )
    }

    private static func resolverConfiguration(_ system: ResolverConfiguration) -> String {
        let server = PrivateNetwork.relayIPv4.map(String.init).joined(separator: ".")
        let search = system.search.isEmpty ? "" : "search \(system.search.map(\.description).joined(separator: " "))\n"
        let options = system.ndots == 1 ? "" : "options ndots:\(system.ndots)\n"
        return "nameserver \(server)\n" + search + options
    }

    private static func hosts(_ hostname: String) -> String {
        // 127.0.1.1 for one's own name, as Debian has it: it resolves, and no rule about 127.0.0.1 is meant by it.
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
            + (hostname.isEmpty ? "" : "127.0.1.1 \(hostname)\n")
    }

    /// gethostname(2), empty if it can't be had.
    static func hostname() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, 255) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
