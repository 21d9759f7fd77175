// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

private func attempt(_ title: String, _ what: String, _ accounts: [Account] = Account.allCases) -> Attempt {
    Attempt(title: title, line: "attempt-static \(what)", success: .exits, accounts: accounts)
}

/// A process of the same user outside; its number is in a file of the world.
private func outside(_ title: String, _ what: String, _ accounts: [Account] = Account.allCases) -> Attempt {
    attempt(title, "\(what) $(cat $WORLD/victim-$([ $(id -u) = 0 ] && echo root || echo user).pid)", accounts)
}

/// Who may look into a process outside. In a world that an ordinary user made, the other user is one of a user namespace
/// below the world's, which has no say over its processes (ptrace(2)).
private let tracers: [Account] = getuid() == 0 ? Account.allCases : [.root]

/// Address families by number, with a type and a protocol that the kernel of the tests has.
private let familyNumbers: [(title: String, numbers: String, accounts: [Account])] = [
    ("29 NETLINK_KOBJECT_UEVENT", "16 3 15", Account.allCases),
    ("29 NETLINK_SOCK_DIAG is as harmless as NETLINK_ROUTE, yet not needed", "16 3 12", Account.allCases),
    ("29 AF_PACKET", "17 3 768", [.root]),
    ("28 AF_VSOCK", "40 1 0", Account.allCases),
    ("29 AF_XDP", "44 3 0", [.root]),
    ("27 a raw ICMP socket", "2 3 1", [.root]),
    ("27 a raw IPv6 socket", "10 3 58", [.root]),
    ("27 MPTCP", "2 1 262", Account.allCases),
    ("27 UDP-Lite", "2 2 136", Account.allCases),
]

/// Address families that few kernels have.
private let rareFamilies = [
    ("27 SCTP", "2 1 132", "SCTP"),
    ("27 a ping socket", "2 2 1", "groups that may ping"),
    ("27 SMC", "2 1 256", "SMC"),
    ("27 SMC over IPv6", "10 1 256", "SMC"),
    ("27 L2TP", "2 2 115", "L2TP"),
    ("27 L2TP over IPv6", "10 2 115", "L2TP"),
    ("27 DCCP", "2 6 33", "DCCP"),
    ("29 AF_ALG", "38 5 0", "AF_ALG"),
    ("29 AF_RDS", "21 5 0", "AF_RDS"),
    ("29 AF_CAN", "29 3 1", "AF_CAN"),
    ("29 AF_TIPC", "30 1 0", "AF_TIPC"),
    ("29 AF_BLUETOOTH", "31 3 1", "AF_BLUETOOTH"),
    ("29 AF_KCM", "41 2 0", "AF_KCM"),
    ("29 AF_QIPCRTR", "42 2 0", "AF_QIPCRTR"),
    ("29 AF_SMC", "43 1 0", "AF_SMC"),
]

private func family(_ title: String, _ numbers: String, _ accounts: [Account], needs: String? = nil) -> Attempt {
    Attempt(
        title: title,
        line: "/usr/bin/python3 $WORLD/programs/attack.py family \(numbers)",
        success: .exits,
        accounts: accounts,
        needs: needs
    )
}

extension BypassCorpus {
    /// System calls that could open a way out.
    static let systemCalls: [Attempt] = [
        attempt("34 unshare of a user namespace", "unshare-user"),
        attempt("34 unshare of user and network", "unshare-user-network"),
        attempt("34 unshare of a network namespace", "unshare-network", [.root]),
        attempt("34 clone of a user namespace", "clone-user"),
        attempt("34 clone3 of a user namespace", "clone3-user"),
        attempt("34 setns to another network namespace", "setns /proc/1/ns/net", [.root]),
        attempt("34 mount", "mount", [.root]),
        attempt("34 open_tree", "open-tree", [.root]),
        attempt("29 bpf", "bpf", [.root]),
        attempt("35 perf", "perf", [.root]),
        attempt("39 userfaultfd", "userfaultfd", [.root]),
        attempt("37 keyctl", "keyctl"),
        attempt("37 add_key", "add-key"),
        attempt("37 request_key", "request-key"),
        attempt("35 tracing the first process", "ptrace 1", [.root]),
        attempt("a sysctl of the host", "write /proc/sys/kernel/hostname", [.root]),
        attempt("a sysctl of the network", "write /proc/sys/net/ipv4/ip_forward", [.root]),
        outside("35 tracing a process outside", "ptrace", tracers),
        outside("35 reading the memory of a process outside", "read-memory", tracers),
        outside("35 taking a descriptor of a process outside", "pidfd-getfd", tracers),
    ]

    /// Kinds of sockets that nobody needs.
    static let families: [Attempt] =
        familyNumbers.map { family($0.title, $0.numbers, $0.accounts) }
        + rareFamilies.map { family($0.0, $0.1, [.user], needs: $0.2) }

    /// Signals to processes outside, judged by what a canary hears.
    static let signals: [Attempt] = [
        {
            var attempt = outside("35 a signal", "kill")
            attempt.success = .arrives
            return attempt
        }()
    ]
}
