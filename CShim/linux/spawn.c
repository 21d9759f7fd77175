// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// The supervisor S makes all plans as values, then clones:
//
//   agent  in user namespace U and network namespace R, child of S: makes R's sockets, the link R--W, and later
//          listeners on request. It stays outside the worker's pid namespace, so the worker cannot name it.
//   init   in W and in pid, mount, ipc and uts namespaces of its own, cloned by the agent with CLONE_PARENT, so that S
//          is its parent: mounts, addresses, then the command; it reaps and reports. When it ends the kernel ends all
//          that is left in its pid namespace.
//   command cloned by init, which waits for its execve: drops everything, loads the filter, executes.
//
//   S                       agent                    init                    command
//   clone ----------------->| waits
//   writes id maps, "go" -->| R: lo
//                           | clone ---------------->| mounts, while
//                           | link, routes, sockets  | the agent works
//   <------ READY(sockets) -| "go" ----------------->| W: addresses, routes
//                           | serves requests        | clone --------------->| drops, filter
//                           |                        | waits                 | execve
//   <------- NOTIFICATIONS(fd), STARTED(pidfd) ------| reaps                 |
//
// A command that is held says so before its filter is loaded (HELD) and after (FILTERED); then the supervisor takes its
// listener, measures it (EgressEvidence), and sends it a "go".
//
// Should: every failure ends the process with a report that names the step.
// Mustn't: allocate, lock, or run anything that is not async-signal-safe; go on after a failure.
// Death: agent and init ask for SIGKILL at the supervisor's death (PR_SET_PDEATHSIG), before they wait for its "go",
// so that a supervisor that died before the request took effect leaves them at end-of-file instead.

#define _GNU_SOURCE
#include "child.h"
#include "task.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t egress_clone(unsigned long flags)
{
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = flags;
    // clone3(2): with CLONE_PARENT the exit signal is the caller's own and must be 0.
    arguments.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD;
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

pid_t egress_fork(void)
{
    // clone(2), whose flags a filter sees.
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

pid_t egress_spawn(const struct egress_sandbox *sandbox)
{
    pid_t agent = egress_clone(sandbox->agent_flags);
    if (agent == 0)
        egress_run_agent(sandbox);
    return agent;
}

void egress_send_report(int control, enum egress_report_kind kind, int value, const char *what, const int *descriptors,
                        size_t count)
{
    struct egress_report report;
    memset(&report, 0, sizeof report);
    report.kind = kind;
    report.value = value;
    for (size_t i = 0; what[i] && i < sizeof report.what - 1; i++)
        report.what[i] = what[i];

    ssize_t sent;
    if (count == 0) {
        // Without an address this is never notified, whatever filter is loaded.
        do
            sent = send(control, &report, sizeof report, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return;
    }
    struct iovec part = {&report, sizeof report};
    char rights[CMSG_SPACE(sizeof(int) * EGRESS_MAX_SOCKETS)];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count <= EGRESS_MAX_SOCKETS) {
        memset(rights, 0, sizeof rights);
        message.msg_control = rights;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
    }
    do
        sent = sendmsg(control, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
}

void egress_fail(int control, const char *what)
{
    egress_send_report(control, EGRESS_REPORT_FAILED, errno, what, NULL, 0);
    _exit(125);
}

void egress_wait_for_go(int control)
{
    char byte;
    ssize_t length;
    do
        length = recv(control, &byte, 1, 0);
    while (length < 0 && errno == EINTR);
    if (length != 1)
        _exit(125);
}
