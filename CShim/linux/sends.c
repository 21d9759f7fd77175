// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// Where a run allows unix datagram sockets, each call that can name where it sends to waits for an answer, as connect(2)
// does: sendto(2) with an address, sendmsg(2) and sendmmsg(2), whose address lies behind a pointer. The socket is pinned,
// the data and the address are copied once, and the supervisor sends the copy, to what it judged:
//
//   worker             supervisor                      this process
//   sendmsg ---------->| NOTIF_RECV
//                      | send(call) ------------------>| mailbox.id = id, timer on
//                      |                               | copies address, data and control into a file (memfd),
//                      |                               |   opens the path of a unix socket
//                      |                               | timer off, mailbox.id = 0
//                      |<------------------------------| sendmsg(notice, path, file)
//                      | judges, sends on the pinned socket
//   <------------------| NOTIF_SEND
//
// As with connect(2), memory that never comes costs this process, not the supervisor; see `reader.c`.
//
// Should: copy everything once; bounded, whatever the arguments say.
// Mustn't: allocate or lock; this is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "child.h"
#include "egress_sends.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

struct fetcher {
    int queue;
    int channel;
    int timer;
    uint64_t patience;
    struct egress_mailbox *mailbox;
};

/// Where a message's parts lie in its sender's memory.
struct message {
    uint64_t name, control;
    uint32_t name_length;
    uint64_t control_length;
    struct iovec parts[UIO_MAXIOV];
    size_t count;
};

static int read_memory(uint32_t task, void *to, uint64_t from, size_t length)
{
    struct iovec ours = {to, length}, theirs = {(void *)(uintptr_t)from, length};
    ssize_t count = egress_read_memory(task, &ours, &theirs, 1);
    if (count == (ssize_t)length)
        return 0;
    return count < 0 ? errno : EFAULT;
}

/// A struct msghdr as the kernel takes it (____sys_sendmsg): 0 or an errno value.
static int read_header(uint32_t task, uint64_t pointer, struct message *message)
{
    struct msghdr header;
    int error = read_memory(task, &header, pointer, sizeof header);
    if (error)
        return error;
    if ((int)header.msg_namelen < 0)
        return EINVAL;
    if (header.msg_iovlen > UIO_MAXIOV)
        return EMSGSIZE;
    if (header.msg_controllen > EGRESS_SEND_CONTROL)
        return ENOBUFS;
    message->name = (uint64_t)(uintptr_t)header.msg_name;
    // As the kernel cuts it.
    message->name_length = header.msg_namelen > 128 ? 128 : header.msg_namelen;
    if (message->name == 0)
        message->name_length = 0;
    message->control = (uint64_t)(uintptr_t)header.msg_control;
    message->control_length = message->control ? header.msg_controllen : 0;
    message->count = header.msg_iovlen;
    return message->count == 0 ? 0
                               : read_memory(task, message->parts, (uint64_t)(uintptr_t)header.msg_iov,
                                             message->count * sizeof message->parts[0]);
}

/// Cuts the parts to at most `room` bytes; says how much is left of them, and whether there was more.
static int cut(struct message *message, uint64_t room, uint64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < message->count; i++) {
        uint64_t rest = message->parts[i].iov_len;
        if (rest > room - *length) {
            message->parts[i].iov_len = room - *length;
            message->count = i + (message->parts[i].iov_len > 0);
            *length = room;
            return 1;
        }
        *length += rest;
    }
    return 0;
}

/// Copies data and control into a file; 0 or an errno value.
static int copy(uint32_t task, const struct message *message, struct egress_send_notice *notice, int *file)
{
    uint64_t start = (notice->length + 7) & ~7ULL, size = start + message->control_length;
    if (size == 0)
        return 0;
    *file = memfd_create("message", MFD_CLOEXEC);
    if (*file < 0 || ftruncate(*file, (off_t)size) < 0)
        return ENOBUFS;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    if (memory == MAP_FAILED)
        return ENOBUFS;
    int error = 0;
    if (notice->length > 0) {
        struct iovec ours = {memory, notice->length};
        ssize_t count = egress_read_memory(task, &ours, message->parts, message->count);
        if (count != (ssize_t)notice->length)
            error = count < 0 ? errno : EFAULT;
    }
    if (!error && message->control_length > 0)
        error = read_memory(task, memory + start, message->control, message->control_length);
    notice->control_length = (uint32_t)message->control_length;
    munmap(memory, size);
    return error;
}

static void send_notice(const struct fetcher *fetcher, const struct egress_send_notice *notice, int path, int file)
{
    int descriptors[2], count = 0;
    struct iovec part = {(void *)notice, sizeof *notice};
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof descriptors)];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (path >= 0)
        descriptors[count++] = path;
    if (file >= 0)
        descriptors[count++] = file;
    if (count > 0) {
        memset(rights, 0, sizeof rights);
        message.msg_control = rights;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    ssize_t sent;
    do
        sent = sendmsg(fetcher->channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        _exit(0); // the supervisor is gone
    if (path >= 0)
        close(path);
    if (file >= 0)
        close(file);
}

/// Reads one message; `*room` is what may still be read for its call.
static void fetch(const struct egress_send_call *call, struct egress_send_notice *notice, struct message *message,
                  uint64_t *room, int *path, int *file)
{
    struct egress_notice *base = &notice->base;
    struct egress_call named = {.id = call->id,
                                .pointer = message->name,
                                .task = call->task,
                                .descriptor = (int32_t)call->arguments[0],
                                .length = (int32_t)message->name_length};
    egress_call_read(&named, base, 0);
    egress_call_find(base, path);
    if (base->path_error >= 0)
        egress_identify_caller(base);
    else if (geteuid() == 0 && egress_identify(call->task, &base->identity) < 0)
        base->error = EACCES;
    notice->is_named = message->name_length > 0;
    notice->is_cut = cut(message, *room, &notice->length);
    *room -= notice->length;
    int error = copy(call->task, message, notice, file);
    if (!base->error)
        base->error = error;
}

/// Where a call's message `index` lies; 0 or an errno value.
static int find(const struct egress_send_call *call, uint32_t index, struct message *message, int32_t *flags)
{
    const uint64_t *arguments = call->arguments;
    if (call->number != SYS_sendto) {
        *flags = (int32_t)arguments[call->number == SYS_sendmmsg ? 3 : 2];
        return read_header(call->task, arguments[1] + index * sizeof(struct mmsghdr), message);
    }
    *flags = (int32_t)arguments[3];
    message->name = arguments[4];
    message->name_length = arguments[4] ? (uint32_t)arguments[5] : 0;
    message->control = message->control_length = 0;
    message->parts[0] = (struct iovec){(void *)(uintptr_t)arguments[1], arguments[2]};
    message->count = 1;
    return 0;
}

/// Tells the caller how much is sent of a datagram, if it is: all.
static int tell_length(const struct egress_send_call *call, uint32_t index, uint64_t sent)
{
    uint32_t length = (uint32_t)sent;
    uint64_t at = call->arguments[1] + index * sizeof(struct mmsghdr) + offsetof(struct mmsghdr, msg_len);
    struct iovec ours = {&length, sizeof length}, theirs = {(void *)(uintptr_t)at, sizeof length};
    ssize_t count = process_vm_writev((pid_t)call->task, &ours, 1, &theirs, 1, 0);
    if (count < 0 && errno == EPERM && egress_trace_begin()) {
        count = process_vm_writev((pid_t)call->task, &ours, 1, &theirs, 1, 0);
        egress_trace_end();
    }
    return count == sizeof length ? 0 : EFAULT;
}

/// One message that was read, with its descriptors.
struct fetched {
    struct egress_send_notice notice;
    int path, file;
};

static void close_both(const struct fetched *fetched)
{
    if (fetched->path >= 0)
        close(fetched->path);
    if (fetched->file >= 0)
        close(fetched->file);
}

/// Reads one message, or notes why it can't be read.
static void fetch_one(const struct egress_send_call *call, uint32_t index, uint64_t *room, struct fetched *fetched)
{
    static struct message message;
    struct egress_send_notice *notice = &fetched->notice;
    memset(notice, 0, sizeof *notice);
    fetched->path = fetched->file = -1;
    int error = find(call, index, &message, &notice->flags);
    if (!error) {
        fetch(call, notice, &message, room, &fetched->path, &fetched->file);
    } else {
        notice->base.id = call->id;
        notice->base.task = call->task;
        notice->base.descriptor = (int32_t)call->arguments[0];
        notice->base.path_error = -1;
        notice->base.error = error;
    }
    notice->is_many = call->number == SYS_sendmmsg;
    notice->index = index;
    if (notice->is_many && !notice->base.error)
        notice->base.error = tell_length(call, index, notice->length);
}

static void serve_one(const struct fetcher *fetcher, const struct egress_send_call *call)
{
    static struct fetched all[EGRESS_SEND_MESSAGES];
    uint64_t room = EGRESS_SEND_BYTES;
    uint32_t wanted = call->number == SYS_sendmmsg ? (uint32_t)call->arguments[2] : 1, count = 0;
    if (wanted > EGRESS_SEND_MESSAGES)
        wanted = EGRESS_SEND_MESSAGES;
    while (count < wanted) {
        struct fetched *next = &all[count];
        fetch_one(call, count, &room, next);
        // What can't be read, or not wholly, costs the messages before it nothing.
        if (count > 0 && (next->notice.base.error || next->notice.is_cut)) {
            close_both(next);
            break;
        }
        count++;
        if (next->notice.base.error)
            break;
    }
    struct itimerspec off = {{0, 0}, {0, 0}};
    timerfd_settime(fetcher->timer, 0, &off, NULL);
    atomic_store(&fetcher->mailbox->id, 0);
    // Taking someone's ids for a path took it away; who is orphaned by now finds the channel closed.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (wanted == 0) {
        memset(&all[0], 0, sizeof all[0]);
        all[0].path = all[0].file = -1;
        all[0].notice.base = (struct egress_notice){
            .id = call->id, .task = call->task, .descriptor = (int32_t)call->arguments[0], .path_error = -1};
        send_notice(fetcher, &all[0].notice, -1, -1);
    }
    for (uint32_t i = 0; i < count; i++) {
        all[i].notice.count = count;
        send_notice(fetcher, &all[i].notice, all[i].path, all[i].file);
    }
}

_Noreturn static void serve(const struct fetcher *fetcher)
{
    const uint64_t patience = fetcher->patience;
    const struct itimerspec on = {.it_value = {(time_t)(patience / 1000000000), (long)(patience % 1000000000)}};
    for (;;) {
        struct egress_send_call call;
        // Looked at first: until it is in the mailbox, another process may have to take it.
        ssize_t length = recv(fetcher->queue, &call, sizeof call, MSG_PEEK);
        if (length < 0 && errno == EINTR)
            continue;
        if (length != sizeof call)
            _exit(0);
        atomic_store(&fetcher->mailbox->due, egress_monotonic_now() + patience);
        atomic_store(&fetcher->mailbox->task, call.task);
        atomic_store(&fetcher->mailbox->id, call.id);
        timerfd_settime(fetcher->timer, 0, &on, NULL);
        if (recv(fetcher->queue, &call, sizeof call, 0) != sizeof call)
            _exit(0);
        serve_one(fetcher, &call);
    }
}

pid_t egress_sends_start(int queue, int channel, int timer, uint64_t patience, struct egress_mailbox *mailbox)
{
    pid_t parent = getpid();
    pid_t pid = egress_fork();
    if (pid != 0)
        return pid;
    struct fetcher fetcher = {queue, channel, timer, patience, mailbox};
    prctl(PR_SET_NAME, "egress-sends");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(125);
    signal(SIGXFSZ, SIG_IGN); // the caller's RLIMIT_FSIZE holds for memfd_create(2) as well: EFBIG
    int *const kept[] = {&fetcher.queue, &fetcher.channel, &fetcher.timer};
    egress_sets_forget();
    egress_keep_only(kept, 3);
    if (egress_view_start() < 0)
        _exit(125);
    serve(&fetcher);
}
