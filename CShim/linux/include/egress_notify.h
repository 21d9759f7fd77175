// SPDX-License-Identifier: Apache-2.0
//
// seccomp_unotify(2) for connect(2): taking notifications, the reader process for memory that can't be read at once, and
// the calls that answer them. See `look.c` for the theory of operation.

#ifndef EGRESS_NOTIFY_H
#define EGRESS_NOTIFY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// Who a task is, as far as permissions go. More groups than there is room for are left out.
struct egress_identity {
    uint64_t capabilities; ///< those in effect that we may have too
    uint32_t user;
    uint32_t group;
    uint32_t count;
    uint32_t groups[64];
};

/// One connect(2) or bind(2) that waits for its answer: its caller's arguments, of which the address still lies in its
/// memory.
struct egress_call {
    uint64_t id;
    uint64_t pointer;
    int32_t is_bind;
    uint32_t task;      ///< the calling thread, in the supervisor's pid namespace
    int32_t descriptor;
    int32_t length;
};

/// The same with all that was read of its caller's memory: once.
struct egress_notice {
    uint64_t id;
    uint32_t task;      ///< the calling thread, in the supervisor's pid namespace
    int32_t descriptor; ///< connect(2)'s arguments
    int32_t length;
    int32_t error;      ///< errno of reading `address`: EFAULT and EINVAL as natively, others mean it is unreadable
    int32_t path_error; ///< errno of finding the AF_UNIX path, 0 with its descriptor, -1 if there is no path to find
    int32_t is_socket;  ///< what the path leads to is a unix socket's file
    int32_t is_inside;  ///< it is one of those that were bound inside (`egress_sets_start`)
    int32_t named;      ///< its name, if it is one of those (`egress_named_add`), else -1
    int32_t is_locked;  ///< its permissions don't let us connect; not looked at where that means nothing
    int32_t is_slow;    ///< it lies in a file system that may be long in answering: only the reader may ask it
    int32_t result;     ///< of what the reader was asked to perform: 0 or an errno value
    uint8_t address[128];
    struct egress_identity identity; ///< the caller's, if there is a path and we are root
    uint32_t process;       ///< who calls, if that is wanted: the process in the supervisor's pid namespace
    uint32_t inner_process; ///< and in its own; 0 if unknown
    char executable[256];   ///< what it executes, NUL-terminated and perhaps cut short; empty if unknown
    char name[128];         ///< its argv[0], likewise
};

/// Numbers of a file, as stat(2) has them.
struct egress_file {
    uint64_t device, inode, links, mount;
    uint32_t mode, major, minor; ///< with its kind; of the device that it is
};

/// What reader and supervisor share.
struct egress_mailbox;

/// Memory shared with children for a mailbox; NULL with errno.
struct egress_mailbox *_Nullable egress_mailbox_make(void);

/// Gives such memory back.
void egress_mailbox_free(struct egress_mailbox *mailbox);

/// The notification that the reader should be done with by now, 0 if there is none.
uint64_t egress_mailbox_overdue(struct egress_mailbox *mailbox);

/// The notification that the reader is busy with, 0 if there is none.
uint64_t egress_mailbox_id(struct egress_mailbox *mailbox);

/// What a reader may be asked to do.
enum egress_task_kind {
    EGRESS_TASK_LOOK,    ///< look at what the call points to
    EGRESS_TASK_BIND,    ///< the same, then bind(2) the descriptor to the address as its caller would
    EGRESS_TASK_CONNECT, ///< connect(2) the first descriptor to what the second leads to, with `identity`, without waiting
    EGRESS_TASK_KEEP,    ///< note what the descriptor leads to as bound inside
};

struct egress_task {
    uint32_t kind;
    struct egress_call call;
    struct egress_identity identity;
};

/// How long a reader may be in a caller's memory, and how long a file system may keep it.
struct egress_patience {
    uint64_t memory, files; ///< nanoseconds
};

/// Starts a reader that answers each `struct egress_task` on `channel`, an AF_UNIX seqpacket socket, with a
/// `struct egress_notice`. While it is busy, `mailbox` says so and the timerfd `timer` runs. With `identifies`, it also
/// looks at who calls. Returns its pid; -1 with errno.
pid_t egress_reader_start(int channel, int timer, struct egress_patience patience, int identifies,
                          struct egress_mailbox *mailbox);

/// Gives a reader something to do, with descriptors (-1: none), without waiting; -1 with errno.
int egress_reader_ask(int channel, const struct egress_task *task, int first, int second);

/// Makes the sets of files that were bound inside, and that are named if any are, empty; -1 with errno.
int egress_sets_start(int has_names);

/// Adds the file of an open descriptor to those that were bound inside, as far as this process asks: the supervisor about
/// local file systems, the reader about others; -1 with errno.
int egress_inside_add(int descriptor);

/// Adds the file of an open descriptor to those that are named, with what a notice of it says; to be done before there is a
/// reader. -1 with errno.
int egress_named_add(int descriptor, int name);

/// Says which mounts of the worker answer at once, by their ids (statx(2), STATX_MNT_ID), in ascending order. They stay
/// referred to.
void egress_local_mounts(const uint64_t *ids, size_t count);

/// True if that was said.
int egress_knows_mounts(void);

/// The calling thread of the notification that the mailbox names.
uint32_t egress_mailbox_task(struct egress_mailbox *mailbox);

/// Receives a notice without waiting; `*descriptor` becomes that of the path, or -1. 1, 0 at end of file, -1 with errno.
int egress_notice_receive(int channel, struct egress_notice *notice, int *descriptor);

/// timerfd_create(2): CLOCK_MONOTONIC, non-blocking, close-on-exec; -1 with errno.
int egress_timer_make(void);

/// Takes the next notification, of which poll(2) has told; -1 with errno, ENOENT if its caller is gone, or if it is none of
/// connect(2) and was passed on to `sends` (see `sends.c`).
int egress_call_take(int listener, int sends, struct egress_call *call);

/// Looks at what a call points to as far as that can't wait; `*descriptor` becomes that of the path, or -1. 0 if it has to
/// be left to the reader.
int egress_call_look(const struct egress_call *call, struct egress_notice *notice, int *descriptor);

/// Answers with 0 or with an errno value. -1 with errno: ENOENT when nobody waits any more.
int egress_notification_answer(int listener, uint64_t id, int error);

/// True if the caller still waits for this answer.
int egress_notification_is_valid(int listener, uint64_t id);

/// Lets caller and supervisor take turns on one core (SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6); otherwise ignored.
void egress_notification_share_core(int listener);

/// A duplicate of the descriptor of another task, close-on-exec; -1 with errno. To be closed by `egress_let_go`.
int egress_pin_descriptor(pid_t task, int descriptor);

/// The same of a socket, with SO_DOMAIN and SO_TYPE; -1 with errno, ENOTSOCK for what is none.
int egress_pin_socket(pid_t task, int descriptor, int *domain, int *type);

/// Closes a pinned descriptor without waiting for anything: not for its file system, nor for what a socket lingers for.
void egress_let_go(int descriptor);

/// The same of a socket.
void egress_let_go_socket(int socket);

/// bind(2), of what is no unix socket: 0 or its errno. `identity` as in `egress_connect_now`.
int egress_bind_now(int socket, const void *address, uint32_t length,
                    const struct egress_identity *_Nullable identity);

/// Lets no call on a socket wait, whatever its flags are, until `egress_haste_end` is called with what is returned: the
/// socket's flags (F_GETFL), or -1 with errno. Meanwhile system calls of ours may be interrupted (EINTR).
int egress_haste_begin(int socket);

/// Gives a socket its flags back.
void egress_haste_end(int socket, int flags);

/// connect(2) on a socket that is in haste: 0, EINPROGRESS and the like, or its errno. With the ids of `identity` if there
/// is one, we are root and it is not: for unix sockets, where they matter to the file's permissions and to the other side
/// (SO_PEERCRED).
int egress_connect_now(int socket, const void *address, uint32_t length,
                       const struct egress_identity *_Nullable identity);

/// The ids of a task on files, and its capabilities; -1 with errno.
int egress_identify(uint32_t task, struct egress_identity *identity);

/// readlink(2) of a link of a task in /proc; -1 with errno.
ssize_t egress_task_link(uint32_t task, const char *name, char *target, size_t capacity);

/// Fills in what a notice says of the file behind a path's descriptor, of one of a local file system also whose it is.
void egress_look_at_file(struct egress_notice *notice, int descriptor);

/// What an open descriptor leads to, without asking its file system (AT_STATX_DONT_SYNC); -1 with errno.
int egress_file_status(int descriptor, struct egress_file *file);

/// The process of a thread, as far as that is told at once (PIDFD_GET_INFO, Linux 6.13); else the thread itself.
pid_t egress_program_of(pid_t task);

/// What /proc says of a thread.
struct egress_task_status {
    uint64_t pending, shared, blocked, ignored; ///< signals, as masks: for the thread, for its process, ...
    uint32_t threads;                           ///< of its process
    uint32_t process;                           ///< its process, in our pid namespace
    uint32_t inner_process;                     ///< and in its own
};

/// Reads /proc/TASK/status; -1 with errno.
int egress_task_status_read(pid_t task, struct egress_task_status *status);

#pragma clang assume_nonnull end

#endif
