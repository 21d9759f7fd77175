// SPDX-License-Identifier: Apache-2.0
//
// The reader: a process for what can't be done at once, be it that memory or that a file system has to answer; see
// `look.c`. It reads, and it performs calls of unix sockets that make or ask for a name.
//
// Mustn't: allocate or lock; it is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "child.h"
#include "egress_calls.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

struct reader {
    int channel;
    int timer;
    struct egress_patience patience;
    int identifies;
    struct egress_mailbox *mailbox;
};

static void set_timer(const struct reader *reader, uint64_t nanoseconds)
{
    struct itimerspec time = {.it_value = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
    atomic_store(&reader->mailbox->due, egress_monotonic_now() + nanoseconds);
    timerfd_settime(reader->timer, 0, &time, NULL);
}

int egress_reader_ask(int channel, const struct egress_task *task, int first, int second)
{
    const int descriptors[2] = {first, second};
    return egress_send_with_descriptors(channel, task, sizeof *task, descriptors, MSG_DONTWAIT);
}

/// Binds as the caller would; 0 or an errno value.
static int bind_as_seen(struct egress_notice *notice, int socket)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    char path[sizeof(struct sockaddr_un) + 16];
    uint8_t address[sizeof notice->address];
    uint32_t length = (uint32_t)notice->length, mask;
    if (geteuid() == 0 && egress_identify(notice->task, &notice->identity) < 0)
        return EACCES;
    if (egress_umask_of(notice->task, &mask) < 0)
        return EACCES;
    memcpy(address, notice->address, sizeof address);
    if (egress_path_as_seen(notice, path) && strlen(path) != strnlen((char *)address + start, length - start)) {
        length = (uint32_t)(start + strlen(path));
        if (length > sizeof(struct sockaddr_un))
            return ENAMETOOLONG;
        memcpy(address + start, path, strlen(path));
    }
    int error = egress_view_enter(notice->task);
    if (error)
        return error;
    mode_t former = umask(mask);
    error = egress_bind_now(socket, address, length, &notice->identity);
    umask(former);
    egress_view_leave();
    return error;
}

/// Connects to what a descriptor leads to; 0 or an errno value.
static int connect_to(const struct egress_task *task, int socket, int path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    egress_descriptor_path(address.sun_path, path);
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0))
        return EACCES;
    int error = egress_connect_now(socket, &address, sizeof address, &task->identity);
    if (!(flags & O_NONBLOCK))
        fcntl(socket, F_SETFL, flags);
    return error;
}

/// Does what is asked; `*descriptor` becomes that of the path, or -1.
static void perform(const struct reader *reader, const struct egress_task *task, const int *given,
                    struct egress_notice *notice, int *descriptor)
{
    *descriptor = -1;
    if (task->kind == EGRESS_TASK_LOOK || task->kind == EGRESS_TASK_BIND) {
        egress_call_read(&task->call, notice, reader->identifies);
        set_timer(reader, reader->patience.files);
    }
    switch (task->kind) {
    case EGRESS_TASK_LOOK:
        egress_call_find(notice, descriptor);
        break;
    case EGRESS_TASK_BIND:
        notice->result = notice->error ? notice->error : bind_as_seen(notice, given[0]);
        break;
    case EGRESS_TASK_CONNECT:
        notice->result = connect_to(task, given[0], given[1]);
        break;
    case EGRESS_TASK_KEEP:
        notice->result = egress_inside_add(given[0]) < 0 ? errno : 0;
        break;
    default:
        notice->result = EINVAL;
    }
}

static void serve_one(const struct reader *reader, const struct egress_task *task, const int *given)
{
    struct egress_notice notice;
    int answered[2] = {-1, -1};
    memset(&notice, 0, sizeof notice);
    notice.id = task->call.id;
    notice.task = task->call.task;
    notice.path_error = notice.named = -1;
    int is_of_files = task->kind == EGRESS_TASK_CONNECT || task->kind == EGRESS_TASK_KEEP;
    atomic_store(&reader->mailbox->task, task->call.task);
    atomic_store(&reader->mailbox->due, UINT64_MAX);
    atomic_store(&reader->mailbox->id, task->call.id);
    set_timer(reader, is_of_files ? reader->patience.files : reader->patience.memory);
    perform(reader, task, given, &notice, &answered[0]);
    set_timer(reader, 0);
    atomic_store(&reader->mailbox->id, 0);
    // Taking someone's ids for a path took it away; who is orphaned by now finds the channel closed.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Before the answer: the caller may rely on its close(2) being the last.
    for (int i = 0; i < 2; i++)
        if (given[i] >= 0)
            close(given[i]);
    if (egress_send_with_descriptors(reader->channel, &notice, sizeof notice, answered, 0) < 0)
        _exit(0); // the supervisor is gone
    if (answered[0] >= 0)
        close(answered[0]);
}

_Noreturn static void serve(const struct reader *reader)
{
    for (;;) {
        struct egress_task task;
        int given[2] = {-1, -1};
        size_t count = 2;
        ssize_t length = egress_receive_descriptors(reader->channel, &task, sizeof task, given, &count);
        if (length != sizeof task)
            _exit(0); // the supervisor is gone
        serve_one(reader, &task, given);
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

pid_t egress_reader_start(int channel, int timer, struct egress_patience patience, int identifies,
                          struct egress_mailbox *mailbox)
{
    pid_t parent = getpid();
    pid_t pid = egress_fork();
    if (pid != 0)
        return pid;
    struct reader reader = {channel, timer, patience, identifies, mailbox};
    prctl(PR_SET_NAME, "egress-reader");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(125);
    int *kept[4] = {&reader.channel, &reader.timer};
    egress_keep_only(kept, 2 + egress_sets_become_readers(kept + 2));
    if (egress_view_start() < 0)
        _exit(125);
    serve(&reader);
}
