// SPDX-License-Identifier: Apache-2.0
//
// The reader: a process for what can't be read at once; see `look.c`.
//
// Mustn't: allocate or lock; it is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "child.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct reader {
    int channel;
    int timer;
    uint64_t patience;
    int identifies;
    struct egress_mailbox *mailbox;
};

static void set_timer(const struct reader *reader, uint64_t nanoseconds)
{
    struct itimerspec time = {.it_value = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
    timerfd_settime(reader->timer, 0, &time, NULL);
}

static void send_notice(const struct reader *reader, const struct egress_notice *notice, int descriptor)
{
    struct iovec part = {(void *)notice, sizeof *notice};
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof descriptor)];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(rights, 0, sizeof rights);
        message.msg_control = rights;
        message.msg_controllen = sizeof rights;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    do
        sent = sendmsg(reader->channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        _exit(0); // the supervisor is gone
}

static void serve_one(const struct reader *reader, const struct egress_call *call)
{
    struct egress_notice notice;
    int descriptor;
    atomic_store(&reader->mailbox->since, egress_monotonic_now());
    atomic_store(&reader->mailbox->task, call->task);
    atomic_store(&reader->mailbox->id, call->id);
    set_timer(reader, reader->patience);
    egress_call_read(call, &notice, &descriptor, reader->identifies);
    set_timer(reader, 0);
    atomic_store(&reader->mailbox->id, 0);

    // Taking someone's ids for a path took it away; who is orphaned by now finds the channel closed.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    send_notice(reader, &notice, descriptor);
    if (descriptor >= 0)
        close(descriptor);
}

_Noreturn static void serve(const struct reader *reader)
{
    for (;;) {
        struct egress_call call;
        ssize_t length = recv(reader->channel, &call, sizeof call, 0);
        if (length == sizeof call)
            serve_one(reader, &call);
        else if (length >= 0 || errno != EINTR)
            _exit(0); // the supervisor is gone
    }
}

void egress_keep_only(int *const *kept, int count)
{
    egress_pidfd_forget();
    // Above all that is open, then down to the bottom, in their order.
    for (int i = 0; i < count; i++)
        if (fcntl(*kept[i], F_GETFD) < 0)
            _exit(125);
    for (int i = 0; i < count; i++) {
        for (int j = i + 1; j < count; j++)
            if (*kept[j] == i)
                *kept[j] = fcntl(i, F_DUPFD, count);
        if (*kept[i] != i && dup2(*kept[i], i) < 0)
            _exit(125);
        *kept[i] = i;
    }
    if (syscall(SYS_close_range, (unsigned)count, ~0U, 0U) < 0)
        _exit(125);
}

pid_t egress_reader_start(int channel, int timer, uint64_t patience, int identifies, struct egress_mailbox *mailbox)
{
    pid_t parent = getpid();
    pid_t pid = egress_clone(0);
    if (pid != 0)
        return pid;
    struct reader reader = {channel, timer, patience, identifies, mailbox};
    prctl(PR_SET_NAME, "egress-reader");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(125);
    int *const kept[] = {&reader.channel, &reader.timer};
    egress_keep_only(kept, 2);
    serve(&reader);
}
