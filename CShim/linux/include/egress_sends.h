// SPDX-License-Identifier: Apache-2.0
//
// seccomp_unotify(2) for sendto(2), sendmsg(2) and sendmmsg(2): the process that reads what is sent, and the calls that send
// it. See `sends.c` for the theory of operation.

#ifndef EGRESS_SENDS_H
#define EGRESS_SENDS_H

#include "egress_notify.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// One call as it was notified.
struct egress_send_call {
    uint64_t id;
    uint32_t task; ///< the calling thread, in the supervisor's pid namespace
    uint32_t number; ///< of the system call
    uint64_t arguments[6];
};

/// One message of a call, with all that was read of its caller's memory: once. What it holds comes with it in a file.
struct egress_send_notice {
    struct egress_notice base; ///< its name as the address; `error` is that of all that was read
    int32_t flags;
    uint32_t index, count;   ///< of the call's messages
    int32_t is_many;         ///< sendmmsg(2)
    int32_t is_cut;          ///< there was more data than is taken at once
    int32_t is_named;        ///< false without an address
    uint32_t control_length; ///< in the file, behind the data
    uint64_t length;         ///< of the data
};

/// How much is read for one call at most, and how many messages.
#define EGRESS_SEND_BYTES (1 << 20)
#define EGRESS_SEND_CONTROL 8192
#define EGRESS_SEND_MESSAGES 16

/// Starts a process that reads what the `struct egress_send_call`s of `queue` send, and sends a `struct egress_send_notice`
/// for each message to `channel`, both AF_UNIX seqpacket sockets. Mailbox and timer as in `egress_reader_start`.
pid_t egress_sends_start(int queue, int channel, int timer, uint64_t patience, struct egress_mailbox *mailbox);

struct seccomp_notif;

/// Puts a call into the queue whose entry is `sends`, without waiting; refuses it where there is none, or no room.
void egress_send_pass_on(int listener, int sends, const struct seccomp_notif *notification);

/// Takes a call that nobody will read off the queue, without waiting; 1, or -1 with errno.
int egress_send_call_take(int queue, struct egress_send_call *call);

/// Receives a notice without waiting; `descriptors` become that of the path and that of the file, or -1.
/// 1, 0 at end of file, -1 with errno.
int egress_send_receive(int channel, struct egress_send_notice *notice, int *descriptors);

/// Where a message is sent, and by whom.
struct egress_send_target {
    int socket;
    int domain;
    const uint8_t *_Nullable name; ///< in place of that which was read
    uint32_t name_length;
    int acts; ///< takes the ids of the caller: for a path
};

/// Sends what stands behind `offset`, without waiting and without SIGPIPE. The count, or minus an errno value.
int64_t egress_send_now(const struct egress_send_notice *notice, int file, const struct egress_send_target *target,
                        uint64_t offset);

/// Answers with a value. -1 with errno: ENOENT when nobody waits any more.
int egress_notification_answer_value(int listener, uint64_t id, int64_t value);

/// Sends SIGPIPE to a thread, as the kernel does to one that writes to nobody.
void egress_send_pipe_signal(pid_t task);

#pragma clang assume_nonnull end

#endif
