// SPDX-License-Identifier: Apache-2.0
//
// Shared by the files that answer notified calls: what /proc tells of a task, and taking a task's rights.

#ifndef EGRESS_TASK_H
#define EGRESS_TASK_H

#include "egress_notify.h"

#include <stdatomic.h>
#include <sys/uio.h>

struct egress_mailbox {
    _Atomic uint64_t id;    // 0: not in anyone's memory
    _Atomic uint64_t due;   // CLOCK_MONOTONIC nanoseconds: until then it may take
    _Atomic uint32_t task;
};

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t egress_monotonic_now(void);

/// "/proc/TASK/name" in `path`, which has room for 32 bytes.
void egress_proc_path(char *path, uint32_t task, const char *name);

/// "/proc/self/fd/N" in `path`, which has room for 32 bytes.
void egress_descriptor_path(char *path, int descriptor);

/// fork(2), without what the C library does around it.
pid_t egress_fork(void);

/// A pidfd of a task; -1 with errno. It is kept, and never means another task, whatever becomes of the number
/// (pidfd_open(2)).
int egress_pidfd_of(pid_t task);

/// Closes what is kept.
void egress_pidfd_forget(void);

/// The process of a thread, from "Tgid:" in its status; 0 if it is gone.
pid_t egress_process_of(pid_t task);

/// Fills in who calls. What can't be told is left empty: that alone is no reason to refuse.
void egress_identify_caller(struct egress_notice *notice);

/// Copies what a call points to in its caller's memory, however long that takes.
void egress_call_read(const struct egress_call *call, struct egress_notice *notice, int identifies);

/// Finds what the path of its address leads to, however long that takes; `*descriptor` becomes that of the path, or -1.
void egress_call_find(struct egress_notice *notice, int *descriptor);

/// process_vm_readv(2) into one part.
ssize_t egress_read_memory(uint32_t task, const struct iovec *ours, const struct iovec *theirs, size_t count);

/// True if the file is in the set of those that were bound inside.
int egress_is_inside(int descriptor);

/// True of a mount that answers at once.
int egress_is_local_mount(uint64_t id);

/// The watch of a file that is named, else -1.
int egress_named_find(int descriptor);

/// From now on this process asks as the reader, of which there is one at a time. Puts where the numbers of its descriptors
/// stand into `kept`, which has room for 2; returns how many there are.
int egress_sets_become_readers(int **kept);

/// From now on this process asks nothing.
void egress_sets_forget(void);

/// Closes all but these descriptors, which become the lowest: a pipe's reader must see its end, and a connection must not
/// outlive us.
void egress_keep_only(int *const *kept, int count);

/// What a task's umask(2) is; -1 with errno.
int egress_umask_of(uint32_t task, uint32_t *mask);

/// Opens a directory of a task, "root" or "cwd" (O_PATH); -1 with errno.
int egress_task_directory(uint32_t task, const char *name);

/// The capabilities that a task has in effect; -1 with errno.
int egress_capabilities_of(pid_t task, uint64_t *capabilities);

/// Those that we have in effect while calls are performed.
uint64_t egress_own_capabilities(void);

/// Puts CAP_SYS_PTRACE into effect, for a look at a process that hides from its own user; 0 if we don't have it.
int egress_trace_begin(void);

/// Takes it out of effect.
void egress_trace_end(void);

/// Puts CAP_DAC_READ_SEARCH into effect, for a look at a file that need not be readable; 0 if we don't have it.
int egress_read_begin(void);

/// Takes it out of effect.
void egress_read_end(void);

/// True if there is room for one more process that closes something.
int egress_can_close_elsewhere(void);

/// Closes a descriptor in another process, which its file system may keep waiting (a FUSE server hears of each close(2)).
void egress_close_elsewhere(int descriptor);

/// Takes a task's ids and capabilities, if we are root and it has others. Without this root's rights would be lent to it.
/// 1 if taken, 0 if there is no need.
int egress_become(const struct egress_identity *identity);

/// Takes root's back. No supplementary groups: root needs none.
void egress_become_root(void);

/// Remembers the root directory that `egress_view_leave` comes back to; -1 with errno.
int egress_view_start(void);

/// Sees paths as a task does: in its root directory, from its working directory. 0 or an errno value. Only for a process
/// that can be spared: a file system may be long in telling what is there.
int egress_view_enter(uint32_t task);

/// Sees them as before.
void egress_view_leave(void);

/// The path of an AF_UNIX address as it is to be looked up, in `path` of sizeof(struct sockaddr_un) + 16 bytes; 0 if it has
/// none. "/proc/self" is the caller's process, not ours.
int egress_path_as_seen(const struct egress_notice *notice, char *path);

#endif
