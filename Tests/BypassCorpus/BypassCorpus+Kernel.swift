// SPDX-License-Identifier: Apache-2.0

import TestSupport

private func attempt(_ title: String, _ what: String, _ accounts: [Account] = Account.allCases) -> Attempt {
    Attempt(title: title, line: "attempt-static \(what)", success: .exits, accounts: accounts)
}

/// A process of the same user outside; its number is in a file of the world.
private func outside(_ title: String, _ what: String) -> Attempt {
    attempt(title, "\(what) $(cat $WORLD/victim-$([ $(id -u) = 0 ] && echo root || echo user).pid)")
}

/// Address families by number, with a type and a protocol that the kernel of the tests has.
private let familyNumbers: [(title: String, numbers: String, accounts: [Account])] = [
    ("NETLINK_KOBJECT_UEVENT", "16 3 15", Account.allCases),
    ("NETLINK_SOCK_DIAG is as harmless as NETLINK_ROUTE, yet not needed", "16 3 12", Account.allCases),
    ("AF_PACKET", "17 3 768", [.root]),
    ("AF_VSOCK", "40 1 0", Account.allCases),
    ("AF_XDP", "44 3 0", [.root]),
    ("a raw ICMP socket", "2 3 1", [.root]),
    ("a raw IPv6 socket", "10 3 58", [.root]),
    ("MPTCP", "2 1 262", Account.allCases),
    ("UDP-Lite", "2 2 136", Account.allCases),
]

extension BypassCorpus {
    /// System calls that could open a way out.
    static let systemCalls: [Attempt] = [
        attempt("34 unshare of a user namespace", "unshare-user"),
        attempt("34 unshare of user and network", "unshare-user-network"),
        attempt("34 unshare of a network namespace", "unshare-network", [.root]),
        attempt("34 clone of a user namespace", "clone-user"),
        attempt("34 clone3 of a user namespace", "clone3-user"),
        attempt("34 setns to another network namespace", "setns /proc/1/ns/net", [.root]),
        attempt("mount", "mount", [.root]),
        attempt("open_tree", "open-tree", [.root]),
        attempt("29 bpf", "bpf", [.root]),
        attempt("perf", "perf", [.root]),
        attempt("userfaultfd", "userfaultfd", [.root]),
        attempt("37 keyctl", "keyctl"),
        attempt("37 add_key", "add-key"),
        attempt("a sysctl of the host", "write /proc/sys/kernel/hostname", [.root]),
        attempt("a sysctl of the network", "write /proc/sys/net/ipv4/ip_forward", [.root]),
        outside("35 tracing a process outside", "ptrace"),
        outside("35 taking a descriptor of a process outside", "pidfd-getfd"),
    ]

    /// Kinds of sockets that nobody needs.
    static let families: [Attempt] = familyNumbers.map {
        Attempt(
            title: $0.title,
            line: "/usr/bin/python3 $WORLD/programs/attack.py family \($0.numbers)",
            success: .exits,
            accounts: $0.accounts
        )
    }

    /// Signals to processes outside, judged by what a canary hears.
    static let signals: [Attempt] = [
        {
            var attempt = outside("35 a signal", "kill")
            attempt.success = .arrives
            return attempt
        }()
    ]
}
