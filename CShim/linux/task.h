// SPDX-License-Identifier: Apache-2.0
//
// Shared by the files that answer notified calls: what /proc tells of a task, and taking a task's rights.

#ifndef EGRESS_TASK_H
#define EGRESS_TASK_H

#include "egress_notify.h"

#include <stdatomic.h>

struct egress_mailbox {
    _Atomic uint64_t id;    // 0: not in anyone's memory
    _Atomic uint64_t since; // CLOCK_MONOTONIC nanoseconds
    _Atomic uint32_t task;
};

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t egress_monotonic_now(void);

/// "/proc/TASK/name" in `path`, which has room for 32 bytes.
void egress_proc_path(char *path, uint32_t task, const char *name);

/// A pidfd of a task; -1 with errno. It is kept, and never means another task, whatever becomes of the number
/// (pidfd_open(2)).
int egress_pidfd_of(pid_t task);

/// Closes what is kept.
void egress_pidfd_forget(void);

/// The file system ids of a task; -1 with errno.
int egress_identify(uint32_t task, struct egress_identity *identity);

/// The process of a thread, from "Tgid:" in its status; 0 if it is gone.
pid_t egress_process_of(pid_t task);

/// Fills in who calls. What can't be told is left empty: that alone is no reason to refuse.
void egress_identify_caller(struct egress_notice *notice);

/// Looks at all that a call points to, however long that takes; `*descriptor` becomes that of the path, or -1.
void egress_call_read(const struct egress_call *call, struct egress_notice *notice, int *descriptor, int identifies);

/// Closes all but these descriptors, which become the lowest: a pipe's reader must see its end, and a connection must not
/// outlive us.
void egress_keep_only(int *const *kept, int count);

/// Takes a task's file system ids, if we are root and it is someone else. Without this root's rights would be lent to it.
/// 1 if taken, 0 if there is no need.
int egress_become(const struct egress_identity *identity);

/// Takes root's back. No supplementary groups: root needs none.
void egress_become_root(void);

#endif
