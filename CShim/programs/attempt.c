// SPDX-License-Identifier: Apache-2.0
//
// Tries one thing that a held command must not do, and ends with status 0 when the kernel let it.
// usage: attempt NAME [ARGUMENT]
#include "program.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *argument = "";

static long unshare_user(void) { return unshare(CLONE_NEWUSER); }
static long unshare_user_and_network(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNET); }
static long unshare_network(void) { return unshare(CLONE_NEWNET); }

static long clone_user(void)
{
    return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
}

/// clone3 passes its flags behind a pointer, out of a filter's sight.
static long clone3_user(void)
{
    struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

/// Joins the namespace that a file names.
static long join_namespace(void)
{
    int fd = open(argument, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -1 : setns(fd, 0);
}

static long mount_tmpfs(void) { return mount("none", "/mnt", "tmpfs", 0, NULL); }
static long open_tree_of_root(void) { return syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */); }

static long load_bpf(void)
{
    union bpf_attr attributes = {
        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

    return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

static long open_perf(void)
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};

    return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static long make_userfault(void) { return syscall(SYS_userfaultfd, O_CLOEXEC); }
static long read_keyring(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 1); }

/// On a host with an upcall for it, this key type resolves a name outside of every namespace.
static long add_key_of_user(void) { return syscall(SYS_add_key, "user", "egress", "x", 1, -3); }

/// Asks for a key that nobody has; only leave to ask counts.
static long ask_for_key(void)
{
    return syscall(SYS_request_key, "user", "egress-absent", NULL, 0) < 0 && errno != ENOKEY ? -1 : 0;
}

/// Reads the memory of a process at no address at all: a bad address is found only after the leave to read is given.
static long read_memory(void)
{
    char byte;
    struct iovec here = {.iov_base = &byte, .iov_len = 1}, there = {.iov_base = NULL, .iov_len = 1};

    return process_vm_readv(atoi(argument), &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static long push_terminal_input(void) { return ioctl(0, TIOCSTI, "x"); }
static long signal_process(void) { return kill(atoi(argument), SIGUSR1); }
static long trace_process(void) { return ptrace(PTRACE_SEIZE, atoi(argument), NULL, NULL); }

/// Opens a process by its number and takes a copy of one of its descriptors.
static long take_descriptor(void)
{
    int process = (int)syscall(SYS_pidfd_open, atoi(argument), 0);

    return process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, 1, 0);
}

/// Opens a file to write to it, unless it is /dev/null: that covers what must not be seen.
static long write_file(void)
{
    int fd = open(argument, O_WRONLY | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return -1;
    errno = EACCES;
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3) ? -1 : 0;
}

static const struct {
    const char *name;
    long (*perform)(void);
} attempts[] = {
    {"unshare-user", unshare_user}, {"unshare-user-network", unshare_user_and_network},
    {"unshare-network", unshare_network}, {"clone-user", clone_user}, {"clone3-user", clone3_user},
    {"setns", join_namespace}, {"mount", mount_tmpfs}, {"open-tree", open_tree_of_root}, {"bpf", load_bpf},
    {"perf", open_perf}, {"userfaultfd", make_userfault}, {"keyctl", read_keyring}, {"add-key", add_key_of_user},
    {"request-key", ask_for_key}, {"read-memory", read_memory},
    {"tiocsti", push_terminal_input}, {"kill", signal_process}, {"ptrace", trace_process},
    {"pidfd-getfd", take_descriptor}, {"write", write_file},
};

int main(int argc, char **argv)
{
    if (argc > 2)
        argument = argv[2];
    for (size_t i = 0; argc > 1 && i < sizeof attempts / sizeof *attempts; i++) {
        if (strcmp(attempts[i].name, argv[1]) != 0)
            continue;
        long result = attempts[i].perform();
        if (result < 0)
            fail(argv[1]);
        return 0;
    }
    fprintf(stderr, "no such attempt\n");
    return 2;
}
