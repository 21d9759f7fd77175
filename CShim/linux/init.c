// SPDX-License-Identifier: Apache-2.0
//
// Init: pid 1 of the worker's pid namespace.
//
// Should: reap everything, report what becomes of the command, and end with it, by which the kernel ends all the rest.
// Mustn't: be traced or signalled by the worker. Signals from inside its own namespace that it has no handler for never
// reach a pid 1 (pid_namespaces(7)); it is not dumpable and keeps no capability.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int drop_all_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    return (int)syscall(SYS_capset, &header, data);
}

_Noreturn static void reap(int control, pid_t command)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WUNTRACED | WCONTINUED | __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            _exit(125);
        if (pid != command)
            continue;
        if (WIFSTOPPED(status)) {
            egress_send_report(control, EGRESS_REPORT_STOPPED, WSTOPSIG(status), "", NULL, 0);
        } else if (WIFCONTINUED(status)) {
            egress_send_report(control, EGRESS_REPORT_CONTINUED, 0, "", NULL, 0);
        } else {
            egress_send_report(control, EGRESS_REPORT_EXITED, status, "", NULL, 0);
            _exit(0);
        }
    }
}

/// Keeps the control socket as descriptor 0, and the masters of terminals, which hold the names of the caller's, behind it.
/// Nothing of the caller's stays open: a pipe's reader must see its end when the command closes it.
static int keep_own_descriptors(int control)
{
    if (dup2(control, 0) < 0)
        return -1;
    for (int i = 0; i < egress_terminal_count; i++)
        if (dup2(egress_terminals[i], i + 1) < 0)
            return -1;
    return (int)syscall(SYS_close_range, (unsigned)egress_terminal_count + 1, ~0U, 0U);
}

/// What the command runs on until it executes.
static char command_stack[64 << 10] __attribute__((aligned(16)));

static int run_command(void *start)
{
    egress_run_command(start);
}

/// Starts the command in our own memory while we wait (vfork(2)): execve(2) would throw a copy of it away at once. When it
/// returns, the command has been executed, or has failed to and ended. Our descriptors are the command's until it executes,
/// which gives it a table of its own: so we have the listener that it made.
static pid_t start_command(struct egress_start *start, int *pidfd)
{
    return clone(run_command, command_stack + sizeof command_stack,
                 CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, start, pidfd);
}

void egress_run_init(const struct egress_sandbox *sandbox)
{
    int control = sandbox->init_control;
    int descriptors[EGRESS_MAX_SOCKETS];
    prctl(PR_SET_NAME, "egress-init");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        egress_fail(control, "asking to end with the supervisor");
    egress_perform(&sandbox->mounts, 0, control, descriptors);
    egress_wait_for_go(control); // the agent is ready: the link to R stands
    egress_perform(&sandbox->worker, 0, control, descriptors);
    // W's end came up second, with a carrier; R's has to notice.
    if (egress_wait_for_link(sandbox->relay_netlink, sandbox->link_index) < 0)
        egress_fail(control, "waiting for the link between the worker and the relay");
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        egress_fail(control, "making init unreadable");
    egress_send_report(control, EGRESS_REPORT_READY, 0, "", descriptors, sandbox->worker.socket_count);

    int pidfd = -1;
    struct egress_start start = {.sandbox = sandbox, .listener = -1};
    pid_t command = start_command(&start, &pidfd);
    if (command < 0)
        egress_fail(control, "cloning the command");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || drop_all_capabilities() < 0)
        egress_fail(control, "dropping init's rights");
    if (start.listener >= 0)
        egress_send_report(control, EGRESS_REPORT_NOTIFICATIONS, 0, "", &start.listener, 1);
    egress_send_report(control, EGRESS_REPORT_STARTED, 0, "", &pidfd, 1);
    if (start.error != 0)
        egress_send_report(control, EGRESS_REPORT_EXEC_FAILED, start.error, "", NULL, 0);
    if (keep_own_descriptors(control) < 0)
        _exit(125);
    reap(0, command);
}
