// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension SyscallFilter {
    /// Calls on processes that are judged by their arguments.
    static func processes(keepsCoreLimit: Bool) -> [SyscallRule] {
        namespaces + initStays + scheduling + limits(keepsCoreLimit) + looking
    }

    /// New namespaces would give the command capabilities in them.
    private static let namespaces: [SyscallRule] = {
        // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. CLONE_NEWTIME lies in the exit signal of
        // clone(2), which reads 32 bits of flags and knows all others.
        let new: UInt32 = 0x7e02_0000
        // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread's own table of descriptors, or nothing
        let own: UInt64 = 0x5_0f00
        return [
            SyscallRule("clone", .fails(EPERM), .argument(0, hasAnyOf: new)), SyscallRule("clone", .allowed),
            SyscallRule("unshare", .allowed, .init(0, .within(own))), SyscallRule("unshare", .fails(EPERM)),
        ]
    }()

    /// Init has the command's user, so the kernel would let the command change, look into or hold it. With each call stand the
    /// arguments that are pids.
    private static let initStays: [SyscallRule] = [
        ("ptrace", [1]), ("process_vm_readv", [0]), ("process_vm_writev", [0]), ("kcmp", [0, 1]), ("pidfd_open", [0]),
        ("sched_setaffinity", [0]), ("sched_setscheduler", [0]), ("sched_setparam", [0]), ("sched_setattr", [0]),
        ("move_pages", [0]), ("migrate_pages", [0]),
    ].flatMap { call, pids in
        pids.map { SyscallRule(call, .fails(EPERM), .argument($0, is: 1)) } + [SyscallRule(call, .allowed)]
    }

    /// Priorities of init, and of all processes of a user, of which it is one. A group is named by the id of a process inside;
    /// init's has none there, as it is the group of egress-run's caller.
    private static let scheduling: [SyscallRule] = [
        SyscallRule("setpriority", .fails(EPERM), .argument(0, is: 0), .argument(1, is: 1)),  // PRIO_PROCESS
        SyscallRule("setpriority", .allowed, .argument(0, is: 0, 1)),  // PRIO_PROCESS, PRIO_PGRP
        SyscallRule("setpriority", .fails(EPERM)),
        SyscallRule("ioprio_set", .fails(EPERM), .argument(0, is: 1), .argument(1, is: 1)),  // IOPRIO_WHO_PROCESS
        SyscallRule("ioprio_set", .allowed, .argument(0, is: 1, 2)),  // IOPRIO_WHO_PROCESS, IOPRIO_WHO_PGRP
        SyscallRule("ioprio_set", .fails(EPERM)),
    ]

    /// Limits of others than init. The limit of core dumps may have to stay: setting it then seems to succeed, as far as
    /// nobody asks for the one before.
    private static func limits(_ keepsCoreLimit: Bool) -> [SyscallRule] {
        let core = SyscallRule.Condition.argument(1, is: 4)  // RLIMIT_CORE
        let kept = [
            SyscallRule("setrlimit", .fails(0), .argument(0, is: 4)),
            SyscallRule("prlimit64", .fails(EPERM), core, .isPointer(2), .isPointer(3)),
            SyscallRule("prlimit64", .fails(0), core, .isPointer(2)),
        ]
        return (keepsCoreLimit ? kept : []) + [
            SyscallRule("setrlimit", .allowed),
            SyscallRule("prlimit64", .fails(EPERM), .argument(0, is: 1), .isPointer(2)),
            SyscallRule("prlimit64", .allowed),
        ]
    }

    /// Counting and sampling one process of the run that the caller may trace, and reading the kernel's log where anybody may.
    ///
    /// perf_event_open(2): the pid is one of the run's pid namespace. What an event asks for beyond its own process (the
    /// kernel, tracepoints, probes) needs CAP_PERFMON in the machine's user namespace, or is let to every user of the machine
    /// by kernel.perf_event_paranoid; either way something is measured, and nothing sent.
    private static let looking: [SyscallRule] = [
        SyscallRule("perf_event_open", .fails(EPERM), .argument(1, hasAnyOf: 0x8000_0000)),  // -1: any process
        SyscallRule("perf_event_open", .fails(EPERM), .argument(1, is: 1)),
        SyscallRule("perf_event_open", .fails(EPERM), .argument(4, hasAnyOf: 4)),  // PERF_FLAG_PID_CGROUP
        SyscallRule("perf_event_open", .allowed),
        SyscallRule("syslog", .allowed, .argument(0, is: 3, 10)),  // SYSLOG_ACTION_READ_ALL, SIZE_BUFFER
        SyscallRule("syslog", .fails(EPERM)),
    ]

    /// Input pushed into a terminal is typed to whatever reads it next: the caller's shell. Another line discipline would stay
    /// after us, and one that isn't there has the machine load a module (ldisc_autoload).
    static let devices: [SyscallRule] = [
        SyscallRule("ioctl", .fails(EPERM), .argument(1, is: 0x5412, 0x541c, 0x5423)),  // TIOCSTI, TIOCLINUX, TIOCSETD
        SyscallRule("ioctl", .allowed),
    ]
}
