// SPDX-License-Identifier: Apache-2.0

extension SyscallFilter {
    /// Processes, threads and ids. The pid namespace is the run's own, so a pid names nothing outside; calls that could change
    /// its init are among `processes`.
    static let tasks: [SyscallGroup] = [
        .allowed(
            "starting and ending",
            because: "children are held as their parent is; clone(2) is judged by its flags",
            [
                "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "set_tid_address",
                "restart_syscall",
            ]
        ),
        .allowed(
            "which process this is",
            because: "it only tells",
            [
                "getpid", "getppid", "gettid", "getpgid", "getpgrp", "getsid", "getcpu", "getrusage", "times", "uname",
                "sysinfo", "getrlimit", "getpriority", "ioprio_get", "sched_getaffinity", "sched_getattr",
                "sched_getparam", "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min",
                "sched_rr_get_interval",
            ]
        ),
        .allowed("groups and sessions", because: "of the caller and its children", ["setpgid", "setsid"]),
        .allowed(
            "users and capabilities",
            because: "of the calling process; the bounding set and no_new_privs bound them",
            [
                "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "setuid", "setgid",
                "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capget",
                "capset",
            ]
        ),
        .allowed(
            "signals",
            because: "pids are the run's own, and init heeds no signal from inside (pid_namespaces(7))",
            [
                "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "rt_sigaction", "rt_sigprocmask",
                "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "rt_sigreturn", "sigaltstack", "pause",
                "pidfd_send_signal", "signalfd", "signalfd4",
            ]
        ),
        .allowed(
            "a process's own ways",
            because: "it changes the caller alone; pidfd_getfd(2) needs the right to trace",
            [
                "prctl", "arch_prctl", "personality", "modify_ldt", "sched_yield", "membarrier", "rseq",
                "rseq_slice_yield", "get_robust_list", "set_robust_list", "pidfd_getfd",
            ]
        ),
        .allowed(
            "probes of the kernel's tracers",
            because: "a trampoline that the kernel put there makes them; refused they end a process that root traces",
            ["uretprobe", "uprobe"]
        ),
        .allowed(
            "sandboxes of the command's own",
            because: "each only takes rights away",
            [
                "seccomp", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules",
            ]
        ),
    ]

    /// Time, randomness, and waiting for things.
    static let waiting: [SyscallGroup] = [
        .allowed(
            "clocks and timers",
            because: "reading, and timers of the process; setting a clock is refused here or needs CAP_SYS_TIME",
            [
                "time", "gettimeofday", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "adjtimex",
                "clock_adjtime", "alarm", "getitimer", "setitimer", "timer_create", "timer_settime", "timer_gettime",
                "timer_getoverrun", "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime",
            ]
        ),
        .allowed("randomness", because: "it only tells", ["getrandom"]),
        .allowed(
            "waiting for descriptors",
            because: "it only tells",
            [
                "select", "pselect6", "poll", "ppoll", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
                "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
            ]
        ),
        .allowed(
            "locks of threads",
            because: "memory that its users share",
            ["futex", "futex_waitv", "futex_wake", "futex_wait", "futex_requeue"]
        ),
    ]
}
