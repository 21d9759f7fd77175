// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Where the calls that can name a destination are mediated.
private let mediating = TestWorld.policy + ["--allow-unix-datagram", "inside"]

/// A change of the network, which natively only root can make: the control is root's, in a network of its own.
private func change(_ call: String, _ what: String, _ title: String, success: Attempt.Success = .exits) -> Attempt {
    Attempt(
        title: "29 rtnetlink by \(call): \(title)",
        line: program("netlink", "\(call) \(what)"),
        policy: mediating,
        success: success,
        stage: ["network", "apart"],
        controller: .root
    )
}

private let changes = [
    ("address", "an address"), ("down", "a link goes down"), ("mtu", "a link's MTU"),
    ("qdisc", "a queueing discipline"),
    ("moved-by-process", "a link moves to another network"),
]

/// What only the owner of a network may have in a datagram, natively root; the control is made by it.
private func privileged(_ title: String, _ words: String) -> Attempt {
    Attempt(
        title: "25 \(title), mediated",
        line: program("netlink", "datagram \(words)"),
        policy: mediating,
        success: .exits,
        controller: .root
    )
}

extension BypassCorpus {
    /// Changes of the network that the kernel refuses the command, and would grant whoever performs its calls for it.
    static let networkChanges: [Attempt] =
        ["sendto", "sendmsg", "sendmmsg"].flatMap { call in
            changes.map { change(call, $0.0, $0.1) }
                + [change(call, "exit-by-veth", "a link to another network, and out by it", success: .arrives)]
        }
        + ["send", "connect"].flatMap { call in
            [
                change(call, "address", "an address"),
                change(call, "moved-by-process", "a link moves to another network"),
            ]
        } + [
            change("sendto", "moved-by-descriptor", "a link moves to the network of a descriptor"),
            change("connect", "process", "to a process"),
            change("connect", "group", "to a group"),
            change("bind", "group", "to a group of the network's owner"),
            privileged("a mark", "mark"),
            privileged("a priority", "priority"),
            privileged("hop-by-hop options", "options"),
            Attempt(
                title: "33 an inherited netlink socket as standard input",
                line: program("netlink", "inherited address"),
                success: .exits,
                ending: .refused,
                accounts: [.root],
                under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "netlink", "0"],
                stage: ["apart"]
            ),
        ]
}
