// SPDX-License-Identifier: Apache-2.0

extension SyscallFilter {
    /// Files, and all that is done with a descriptor: what they lead to was decided when they were opened.
    static let files: [SyscallGroup] = [
        .allowed(
            "reading and writing",
            because: "a descriptor that the command has; on a socket none of these names an address",
            [
                "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
                "lseek", "sendfile", "splice", "tee", "vmsplice", "copy_file_range", "readahead", "fadvise64",
                "cachestat", "io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents",
            ]
        ),
        .allowed(
            "descriptors",
            because: "their table is the process's own",
            ["close", "close_range", "dup", "dup2", "dup3", "fcntl", "flock", "pipe", "pipe2"]
        ),
        .allowed(
            "opening and making",
            because: "files are those of the command's user; egress-run is no file sandbox",
            [
                "open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "link", "linkat",
                "symlink",
                "symlinkat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "truncate", "ftruncate",
                "fallocate", "memfd_create", "name_to_handle_at",
            ]
        ),
        .allowed(
            "looking",
            because: "as above; of mounts they tell what /proc/self/mountinfo does",
            [
                "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "ustat", "sysfs", "access",
                "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "statmount",
                "listmount",
            ]
        ),
        .allowed(
            "directories that paths start at",
            because: "a process's own; the supervisor looks a path up from the caller's root",
            ["chdir", "fchdir", "chroot", "umask"]
        ),
        .allowed(
            "owners, modes, times and attributes",
            because: "as the file's owner may",
            [
                "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
                "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "getxattr", "lgetxattr",
                "fgetxattr", "getxattrat", "listxattr", "llistxattr", "flistxattr", "listxattrat", "removexattr",
                "lremovexattr", "fremovexattr", "removexattrat", "file_getattr", "file_setattr",
            ]
        ),
        .allowed(
            "writing back",
            because: "it changes nothing but when",
            ["sync", "syncfs", "fsync", "fdatasync", "sync_file_range", "sync_file_range2"]
        ),
        .allowed(
            "being told of changes",
            because: "of files that the command may read; fanotify(7), which may hold others up, is refused",
            ["inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch"]
        ),
    ]

    /// Memory of the calling process.
    static let memory: [SyscallGroup] = [
        .allowed(
            "mapping",
            because: "a process's own memory; what stands behind a mapping was opened",
            [
                "brk", "mmap", "munmap", "mremap", "mprotect", "msync", "mincore", "madvise", "remap_file_pages",
                "mlock",
                "mlock2", "munlock", "mlockall", "munlockall", "pkey_alloc", "pkey_free", "pkey_mprotect", "mseal",
                "map_shadow_stack",
            ]
        ),
        .allowed(
            "secret memory",
            because: "a call whose address lies there can't be read by the supervisor, and fails",
            ["memfd_secret"]
        ),
        .allowed(
            "which node memory lies on",
            because: "of the calling process; the calls that name another are among `processes`",
            ["mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node"]
        ),
        .allowed(
            "memory of others, by a descriptor",
            because: "of a process that the caller may trace; a pidfd of init can't be had",
            ["process_madvise", "process_mrelease"]
        ),
        .allowed(
            "System V and POSIX communication",
            because: "the IPC namespace is the run's own",
            [
                "shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd",
                "msgrcv", "msgctl", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify",
                "mq_getsetattr",
            ]
        ),
    ]
}
