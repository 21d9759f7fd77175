// SPDX-License-Identifier: Apache-2.0
//
// Shared by the files that run between clone(2) and execve(2). Everything here is async-signal-safe: system calls and
// memory on the stack, no allocation, no locks, no stdio.

#ifndef EGRESS_CHILD_H
#define EGRESS_CHILD_H

#include "egress_sandbox.h"

/// Reports a failed step, with errno, to the supervisor and ends the process.
_Noreturn void egress_fail(int control, const char *what);

/// Sends one report with descriptors. Fails silently: a supervisor that is gone has killed us already.
void egress_send_report(int control, enum egress_report_kind kind, int value, const char *what, const int *descriptors,
                        size_t count);

/// Reads one byte, the supervisor's "go"; at end-of-file, when the supervisor is gone, the process ends.
void egress_wait_for_go(int control);

/// Performs the steps, then makes the sockets and stores them in `descriptors`; ends the process at the first failure.
void egress_perform(const struct egress_namespace *plan, pid_t init, int control, int *descriptors);

/// Performs a step that concerns files and mounts; -1 with errno.
int egress_perform_mount_step(const struct egress_step *step);

/// The most terminals whose name can be kept, EGRESS_STEP_TERMINAL: one for each of standard input, output and error, and the
/// controlling one.
#define EGRESS_MAX_TERMINALS 4

/// The masters of the terminals that stand where the caller's are bound, in the order in which they were opened. A name is
/// there as long as its master is open.
extern int egress_terminals[EGRESS_MAX_TERMINALS];
extern int egress_terminal_count;

/// Waits, up to a second or so, until link `index` of the netlink socket's namespace carries packets; -1 with errno.
int egress_wait_for_link(int netlink, int index);

/// Makes one socket; -1 with errno.
int egress_make_socket(const struct egress_socket *spec);

/// clone3(2) as fork(2) with `flags`.
pid_t egress_clone(unsigned long flags);

_Noreturn void egress_run_agent(const struct egress_sandbox *sandbox);
_Noreturn void egress_run_init(const struct egress_sandbox *sandbox);

/// How a command's start went, in memory that it shares with init, as they share their descriptors.
struct egress_start {
    const struct egress_sandbox *sandbox;
    int listener; ///< of the filter's notifications, or -1
    int error;    ///< why the command could not be executed, or 0
};

/// Executes the command, or ends with `error` set. Runs in init's memory: it changes nothing but `start`.
_Noreturn void egress_run_command(struct egress_start *start);

#endif
