// SPDX-License-Identifier: Apache-2.0

import Glibc

extension SyscallFilter {
    /// Groups of calls that are known, and refused whatever their arguments. Programs get the errno that they expect where the
    /// call exists and they may not make it.
    static let refused: [SyscallGroup] = [
        .refused(
            "mounts",
            with: EPERM,
            because: "they could bring back what is covered",
            [
                "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "open_tree_attr", "fsopen",
                "fsconfig",
                "fsmount", "fspick", "mount_setattr",
            ]
        ),
        .refused("other namespaces", with: EPERM, because: "they lead past this one's walls", ["setns", "listns"]),
        .refused(
            "flags behind a pointer",
            with: ENOSYS,
            because: "no filter sees them; libc then uses clone(2), whose flags it does see",
            ["clone3"]
        ),
        .refused(
            "Landlock of the command's own",
            with: ENOSYS,
            because: "the supervisor performs calls outside of such a domain, which would then not hold what it says",
            ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"]
        ),
        .refused(
            "io_uring",
            with: EPERM,
            because: "it makes and connects sockets without a system call that could be seen",
            ["io_uring_setup", "io_uring_enter", "io_uring_register"]
        ),
        .refused(
            "keys",
            with: EPERM,
            because: "the machine's kernel runs the machine's /sbin/request-key, which resolves names",
            ["keyctl", "add_key", "request_key"]
        ),
        .refused(
            "programs and faults in the kernel",
            with: EPERM,
            because: "bpf(2) acts on the whole machine; userfaultfd(2) lets a process hold up who reads its memory",
            ["bpf", "userfaultfd"]
        ),
        .refused(
            "files past their paths",
            with: EPERM,
            because: "a handle opens what a mount covers; fanotify(7) sees and holds up who is outside",
            ["open_by_handle_at", "fanotify_init", "fanotify_mark", "quotactl", "quotactl_fd"]
        ),
        .refused(
            "the machine",
            with: EPERM,
            because: "they change it for everyone, and need rights that the command does not have",
            [
                "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon",
                "swapoff", "acct", "settimeofday", "clock_settime", "sethostname", "setdomainname", "iopl", "ioperm",
                "vhangup",
            ]
        ),
        .refused(
            "what kernels no longer have",
            with: ENOSYS,
            because: "so that they are known",
            [
                "uselib", "_sysctl", "create_module", "get_kernel_syms", "query_module", "nfsservctl", "getpmsg",
                "putpmsg", "afs_syscall", "tuxcall", "security", "set_thread_area", "get_thread_area", "lookup_dcookie",
                "epoll_ctl_old", "epoll_wait_old", "vserver",
            ]
        ),
    ]
}
