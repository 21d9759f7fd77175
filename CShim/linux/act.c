// SPDX-License-Identifier: Apache-2.0
//
// Acting for a task: with its ids and its capabilities, and never with a right that it lacks.
//
// Theory of operation
//
// Who performs a call lends it the rights that the kernel asks for. So the supervisor, and the reader after it, are in
// the command's user namespace and keep there what the command may keep (nothing, for an ordinary user) and three
// capabilities more that are in effect only where no call is performed: CAP_SYS_PTRACE, to look at a process that hides its
// memory or has more rights than we (`egress_trace_begin`), CAP_SYS_CHROOT, to see paths as the caller does (`reader.c`),
// and CAP_DAC_READ_SEARCH, to ask whose a socket's file is that nobody may read (`inside.c`). In the user namespace above, whose owner's processes have all capabilities below it, they are no more.

#define _GNU_SOURCE
#include "egress_confine.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t looks = 1ULL << CAP_SYS_PTRACE, enters = 1ULL << CAP_SYS_CHROOT;
static const uint64_t reads = 1ULL << CAP_DAC_READ_SEARCH;

static int is_confined;
static uint64_t own; // what is in effect while calls are performed
static gid_t own_group;

static int set_capabilities(uint64_t permitted, uint64_t effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

/// Puts capabilities into effect; nothing else would leave us with more or less than is meant.
static void put_into_effect(uint64_t effective)
{
    int saved = errno;
    if (set_capabilities(own | looks | enters | reads, effective) < 0)
        _exit(125);
    errno = saved;
}

int egress_capabilities_of(pid_t task, uint64_t *capabilities)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = task};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    *capabilities = (uint64_t)data[1].effective << 32 | data[0].effective;
    return 0;
}

uint64_t egress_own_capabilities(void)
{
    if (!is_confined && egress_capabilities_of(0, &own) < 0)
        own = 0;
    return own;
}

const char *egress_confine(int user_namespace, uint64_t capabilities, const struct sock_fprog *filter)
{
    // EINVAL as long as a thread is not wholly gone that was waited for: its id is given back a moment before.
    const struct timespec pause = {.tv_nsec = 100000};
    int result = setns(user_namespace, CLONE_NEWUSER);
    for (int attempt = 0; result < 0 && errno == EINVAL && attempt < 10000; attempt++) {
        nanosleep(&pause, NULL);
        result = setns(user_namespace, CLONE_NEWUSER);
    }
    if (result < 0)
        return "entering the command's user namespace";
    own = capabilities;
    own_group = getegid();
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        set_capabilities(own | looks | enters | reads, own) < 0)
        return "dropping the supervisor's capabilities";
    is_confined = 1;
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return "hiding the supervisor's memory";
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, filter) < 0)
        return "loading the supervisor's seccomp filter";
    return NULL;
}

int egress_trace_begin(void)
{
    if (!is_confined || geteuid() != getuid())
        return 0;
    put_into_effect(own | looks);
    return 1;
}

void egress_trace_end(void)
{
    put_into_effect(own);
}

int egress_read_begin(void)
{
    if (!is_confined || own & reads || geteuid() != getuid())
        return 0;
    put_into_effect(own | reads);
    return 1;
}

void egress_read_end(void)
{
    put_into_effect(own);
}

int egress_become(const struct egress_identity *identity)
{
    // An ordinary user's command has our ids and no capability, as we: there is nothing to give away.
    if (geteuid() != 0)
        return 0;
    uint64_t theirs = identity->capabilities & egress_own_capabilities();
    if (identity->user == 0 && theirs == own)
        return 0;
    // Straight calls: the C library would make all threads of the process do the same.
    if (syscall(SYS_setgroups, identity->count, identity->groups) < 0 ||
        syscall(SYS_setresgid, -1, identity->group, -1) < 0 || syscall(SYS_setresuid, -1, identity->user, -1) < 0)
        _exit(125);
    if (is_confined)
        put_into_effect(theirs);
    return 1;
}

void egress_become_root(void)
{
    // Anything else than success would leave us as someone else.
    if (syscall(SYS_setresuid, -1, 0, -1) < 0)
        _exit(125);
    if (is_confined)
        put_into_effect(own);
    if (syscall(SYS_setresgid, -1, is_confined ? own_group : 0, -1) < 0 || syscall(SYS_setgroups, 0, NULL) < 0)
        _exit(125);
}

int egress_bind_now(int socket, const void *address, uint32_t length, const struct egress_identity *identity)
{
    int other = identity && egress_become(identity);
    int error = bind(socket, address, length) < 0 ? errno : 0;
    if (other)
        egress_become_root();
    return error;
}

static int own_root = -1;

int egress_view_start(void)
{
    own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return own_root < 0 ? -1 : 0;
}

/// Changes root and working directory; 0 or an errno value.
static int change(int root, int directory)
{
    if (is_confined)
        put_into_effect(own | enters);
    int error = fchdir(root) < 0 || chroot(".") < 0 || fchdir(directory) < 0 ? errno : 0;
    if (is_confined)
        put_into_effect(own);
    return error;
}

int egress_view_enter(uint32_t task)
{
    int root = egress_task_directory(task, "root"), directory = egress_task_directory(task, "cwd");
    int error = root < 0 || directory < 0 ? EACCES : change(root, directory);
    if (root >= 0)
        close(root);
    if (directory >= 0)
        close(directory);
    if (error)
        egress_view_leave();
    return error;
}

void egress_view_leave(void)
{
    // What /proc shows of a task is looked up by its path.
    if (change(own_root, own_root) != 0)
        _exit(125);
}

enum { MAXIMUM_CLOSERS = 16 };
static pid_t closers[MAXIMUM_CLOSERS];
static int unclosed = -1; // for want of a process (RLIMIT_NPROC)

/// Closes a descriptor in a process of its own; false if there is none.
static int hand_over(int fd)
{
    int slot = 0;
    while (slot < MAXIMUM_CLOSERS && closers[slot] > 0 && waitpid(closers[slot], NULL, WNOHANG | __WALL) == 0)
        slot++;
    if (slot == MAXIMUM_CLOSERS)
        return 0;
    pid_t parent = getpid();
    // One table of descriptors for both: what it closes is closed here, at once, however long the file takes to know.
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
            close(fd);
        _exit(0);
    }
    closers[slot] = pid > 0 ? pid : 0;
    return pid > 0;
}

int egress_can_close_elsewhere(void)
{
    if (unclosed >= 0 && hand_over(unclosed))
        unclosed = -1;
    if (unclosed >= 0)
        return 0;
    for (int i = 0; i < MAXIMUM_CLOSERS; i++)
        if (closers[i] <= 0 || waitpid(closers[i], NULL, WNOHANG | __WALL) != 0)
            return closers[i] = 0, 1;
    return 0;
}

void egress_close_elsewhere(int fd)
{
    if (hand_over(fd))
        return;
    // One waits until there is a process again, and none is taken meanwhile; of several that a message had, the others are
    // closed here.
    if (unclosed < 0)
        unclosed = fd;
    else
        close(fd);
}
