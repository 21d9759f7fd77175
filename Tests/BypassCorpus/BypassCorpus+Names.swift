// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A name that is allowed, on any port, and resolves to what must not be reached: on port 4444 waits a canary.
private func name(_ title: String, _ name: String, _ resolver: WorldResolver = .honest) -> Attempt {
    Attempt(
        title: title,
        line: "/usr/bin/python3 $WORLD/programs/attack.py resolve \(name) 4444",
        policy: ["-q", "--allow", name],
        resolver: resolver
    )
}

extension BypassCorpus {
    /// Allowed names that lead where nothing may go.
    static let names: [Attempt] = [
        name("a private address", "private.example"),
        name("a private IPv6 address", "private6.example"),
        name("11 a private and a public address", "mixed.example"),
        name("metadata", "metadata.example"),
        name("metadata over IPv6", "metadata6.example"),
        name("the host's loopback", "loopback.example"),
        name("the unspecified address", "zero.example"),
        name("IPv4-mapped", "mapped.example"),
        name("IPv4-compatible", "compatible.example"),
        name("NAT64", "nat64.example"),
        name("NAT64 for local use", "nat64local.example"),
        name("NAT64 of the network", "translated.hostile.example", .hostile),
        name("metadata behind NAT64 of the network", "translated-metadata.hostile.example", .hostile),
        name("6to4", "sixtofour.example"),
        name("Teredo", "teredo.example"),
        name("13 an alias of a private name", "aliasprivate.example"),
        name("a private address in the hosts file", "hostsprivate.example"),
        name("11 mixed by a hostile resolver", "mixed.hostile.example", .hostile),
        name("13 an alias, answered with a private address", "alias-private.hostile.example", .hostile),
        Attempt(
            title: "14 the address hint of an HTTPS record",
            line: """
                connect-static plain \
                "$(dig +short +tries=1 HTTPS service.example | grep -o 'ipv4hint=[0-9.]*' | cut -d= -f2)" 4444
                """,
            policy: ["-q", "--allow", "service.example"]
        ),
        Attempt(
            title: "12 rebinding between two lookups",
            line: "/usr/bin/python3 $WORLD/programs/attack.py resolve n$$.rebind.example 80 5",
            policy: ["-q", "--allow", ".rebind.example"],
            ending: .answered,
            resolver: .hostile
        ),
    ]
}
