// SPDX-License-Identifier: Apache-2.0
//
// The last steps before the command runs.
//
// Should: give the command what its caller had (limits, signals, terminal), and nothing of ours.
// Mustn't: leave a descriptor, a capability, or a way to gain one. The order matters: the bounding set needs
// CAP_SETPCAP, so it goes before the sets; the Landlock domain needs no_new_privs; the filter is last, since it would refuse
// some of what stands above it.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void restore_signals(const struct egress_command *command, int control)
{
    for (int number = 1; number <= 64; number++) {
        if (command->defaults >> (number - 1) & 1)
            signal(number, SIG_DFL);
        if (command->ignored >> (number - 1) & 1)
            signal(number, SIG_IGN);
    }
    if (sigprocmask(SIG_SETMASK, &command->mask, NULL) < 0)
        egress_fail(control, "restoring the signal mask");
}

static void restore_limits(const struct egress_command *command, int control)
{
    if (setrlimit(RLIMIT_NOFILE, &command->descriptors) < 0)
        egress_fail(control, "restoring the descriptor limit");
    // core(5): dumps to a pipe heed no limit but 1, which the kernel took to tell its helpers' own dumps by.
    struct rlimit none = {1, 1};
    if (command->forbids_core_dumps && setrlimit(RLIMIT_CORE, &none) < 0)
        egress_fail(control, "keeping core dumps inside, which the hard limit of 0 prevents (RLIMIT_CORE)");
}

static void drop_capabilities(const struct egress_command *command, int control)
{
    for (cap_value_t value = 0; value < 64; value++) {
        if (command->bounding >> value & 1)
            continue;
        // EINVAL: past the last capability this kernel knows.
        if (cap_drop_bound(value) < 0 && errno != EINVAL)
            egress_fail(control, "dropping a capability from the bounding set");
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        egress_fail(control, "clearing the ambient capabilities");
    if (cap_set_proc(command->capabilities) < 0)
        egress_fail(control, "dropping capabilities");
}

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV // Linux 5.19
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/// Lets the supervisor look at us in /proc, which it may not while init, whose memory this is, is unreadable; nothing of the
/// worker's runs yet. Gives it a pidfd, by which it finds us: now, since the filter may hold us to sendmsg(2).
static void become_visible(int control)
{
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (pidfd < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
        egress_fail(control, "letting the supervisor look at the command");
    egress_send_report(control, EGRESS_REPORT_HELD, 0, "", &pidfd, 1);
}

/// Waits until the supervisor has taken the listener and measured us as we are, then hides init again.
static void wait_until_measured(int listener, int control)
{
    egress_send_report(control, EGRESS_REPORT_FILTERED, listener, "", NULL, 0);
    egress_wait_for_go(control);
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        egress_fail(control, "making init unreadable again");
}

/// Loads the filter; gives the listener that its notifications come to. Init hands it over, since the filter may hold us
/// to sendmsg(2), or the supervisor takes it; ours is closed by execve(2).
static int load_filter(const struct egress_command *command, int control)
{
    // A signal must not take a caller away whose call is being performed. Linux before 5.19 (EINVAL) does not have that:
    // there the interrupted call is made again or ends with EINTR, as the signal's handler wants it, and is answered then.
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &command->filter);
    if (listener < 0 && errno == EINVAL)
        listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                                &command->filter);
    if (listener < 0)
        egress_fail(control, "loading the seccomp filter");
    return listener;
}

/// As execvp(3): the first candidate that can be executed; EACCES is remembered, a missing one passed over, and a file
/// without a format the kernel knows is given to /bin/sh.
static int execute(const struct egress_command *command)
{
    int error = ENOENT;
    for (char **path = command->candidates; *path; path++) {
        execve(*path, command->argv, command->envp);
        if (errno == ENOEXEC) {
            command->script_argv[1] = *path;
            execve("/bin/sh", command->script_argv, command->envp);
        }
        if (errno == ENOENT || errno == ENOTDIR)
            continue;
        error = errno;
        if (errno != EACCES)
            break;
    }
    return error;
}

void egress_run_command(struct egress_start *start)
{
    const struct egress_sandbox *sandbox = start->sandbox;
    const struct egress_command *command = &sandbox->command;
    int control = sandbox->init_control;
    // A process group of its own: kill(2) with pid 0 must not reach the caller's group, which is outside.
    if (setpgid(0, 0) < 0)
        egress_fail(control, "making a process group");
    if (command->terminal >= 0)
        tcsetpgrp(command->terminal, getpid()); // the supervisor ignores SIGTTOU, and so do we until the next line
    restore_signals(command, control);
    restore_limits(command, control);
    drop_capabilities(command, control);
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        egress_fail(control, "closing inherited descriptors");
    if (command->is_held)
        become_visible(control);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        egress_fail(control, "setting no_new_privs");
    if (egress_enter_landlock(&command->landlock) < 0)
        egress_fail(control, "entering a Landlock domain");
    int listener = load_filter(command, control);
    if (command->is_held)
        wait_until_measured(listener, control);
    else
        start->listener = listener;
    start->error = execute(command);
    _exit(start->error == ENOENT ? 127 : 126);
}
