// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// Every connect(2) of the worker waits for an answer of the supervisor's (seccomp_unotify(2)). Its address lies in the
// worker's memory, and reading that can take for ever: a page may be one that a FUSE server or a userfaultfd has yet to
// fill, and no signal but SIGKILL ends the wait. So it is read by a process that can be spared:
//
//   worker             reader                          supervisor
//   connect ---------->| NOTIF_RECV
//                      | mailbox.id = id, timer on
//                      | copies the address, opens
//                      |   the path of a unix socket
//                      | timer off, mailbox.id = 0
//                      | sendmsg(notice) ------------->| judges, connects the pinned socket
//   <--------------------------------------------------| NOTIF_SEND
//
// The timer is a timerfd that both hold: when it expires the supervisor kills the reader, refuses the call that the
// mailbox names, and starts another reader. It does not wait for the first one's end, which a FUSE server can put off.
//
// Should: copy everything once; the supervisor decides and acts on the copy alone.
// Mustn't (reader): allocate or lock; it is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "child.h"
#include "egress_sends.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct reader {
    int listener;
    int channel;
    int timer;
    int sends;
    uint64_t patience;
    int identifies;
    struct egress_mailbox *mailbox;
};

static void set_timer(const struct reader *reader, uint64_t nanoseconds)
{
    struct itimerspec time = {.it_value = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
    timerfd_settime(reader->timer, 0, &time, NULL);
}

/// As the kernel's move_addr_to_kernel(): EINVAL for a length that no address has, EFAULT for memory that isn't there.
static int read_address(struct egress_notice *notice, uint64_t pointer)
{
    if (notice->length < 0 || notice->length > (int)sizeof notice->address)
        return EINVAL;
    if (notice->length == 0)
        return 0;
    struct iovec ours = {notice->address, (size_t)notice->length};
    struct iovec theirs = {(void *)(uintptr_t)pointer, (size_t)notice->length};
    ssize_t count = process_vm_readv((pid_t)notice->task, &ours, 1, &theirs, 1, 0);
    if (count == notice->length)
        return 0;
    return count < 0 ? errno : EFAULT;
}

/// openat2(2) with O_PATH, of a path as `identity` may walk it.
static int open_in(const char *directory, const char *path, uint64_t resolve, const struct egress_identity *identity)
{
    int base = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return -1;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    int other = egress_become(identity);
    int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
    int saved = errno;
    if (other) {
        egress_become_root();
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a change of ids takes it away; who is orphaned already finds the channel closed
    }
    close(base);
    errno = saved;
    return fd;
}

/// Opens (O_PATH) what a path is to a task: in its root, from its working directory. -1 with errno.
static int open_path(uint32_t task, const char *path, struct egress_identity *identity)
{
    char root[32], directory[32];
    if (geteuid() == 0 && egress_identify(task, identity) < 0)
        return -1;
    egress_proc_path(root, task, "root");
    if (path[0] == '/')
        return open_in(root, path, RESOLVE_IN_ROOT, identity);
    egress_proc_path(directory, task, "cwd");
    int fd = open_in(directory, path, RESOLVE_BENEATH, identity);
    if (fd >= 0 || errno != EXDEV)
        return fd;
    // It leads above the working directory: the same from the root, by the directory's name there.
    char whole[4096 + sizeof(struct sockaddr_un)];
    ssize_t length = readlink(directory, whole, 4096);
    if (length < 0 || length >= 4096)
        return -1;
    whole[length] = '/';
    strcpy(whole + length + 1, path);
    return open_in(root, whole, RESOLVE_IN_ROOT, identity);
}

/// The path of an AF_UNIX address, NUL-terminated, if it has one and the kernel would take it.
static int unix_path(const struct egress_notice *notice, char *path)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    sa_family_t family;
    memcpy(&family, notice->address, sizeof family);
    if (notice->length <= (int)start || notice->length > (int)sizeof(struct sockaddr_un) || family != AF_UNIX ||
        notice->address[start] == 0)
        return 0;
    memcpy(path, notice->address + start, (size_t)notice->length - start);
    path[(size_t)notice->length - start] = 0;
    return 1;
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

void egress_call_read(const struct egress_call *call, struct egress_notice *notice, int *descriptor, int identifies)
{
    memset(notice, 0, sizeof *notice);
    notice->id = call->id;
    notice->task = call->task;
    notice->descriptor = call->descriptor;
    notice->length = call->length;
    notice->path_error = -1;
    *descriptor = -1;
    if (identifies)
        egress_identify_caller(notice);
    notice->error = read_address(notice, call->pointer);
    char path[sizeof(struct sockaddr_un) + 1];
    if (notice->error == 0 && unix_path(notice, path)) {
        *descriptor = open_path(notice->task, path, &notice->identity);
        notice->path_error = *descriptor < 0 ? errno : 0;
    }
}

/// Passes a call on that is none of connect(2), to whom reads it.
static void pass_on(const struct reader *reader, const struct seccomp_notif *notification)
{
    struct egress_send_call call = {
        .id = notification->id, .task = notification->pid, .number = (uint32_t)notification->data.nr};
    for (int i = 0; i < 6; i++)
        call.arguments[i] = notification->data.args[i];
    ssize_t sent;
    do
        sent = send(reader->sends, &call, sizeof call, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        egress_notification_answer(reader->listener, call.id, EACCES);
}

static void serve_one(const struct reader *reader, const struct seccomp_notif *notification)
{
    if (notification->data.nr != SYS_connect)
        return pass_on(reader, notification);
    struct egress_call call = {.id = notification->id,
                               .pointer = notification->data.args[1],
                               .task = notification->pid,
                               .descriptor = (int32_t)notification->data.args[0],
                               .length = (int32_t)notification->data.args[2]};
    struct egress_notice notice;
    int descriptor;
    atomic_store(&reader->mailbox->since, egress_monotonic_now());
    atomic_store(&reader->mailbox->task, call.task);
    atomic_store(&reader->mailbox->id, call.id);
    set_timer(reader, reader->patience);
    egress_call_read(&call, &notice, &descriptor, reader->identifies);
    set_timer(reader, 0);
    atomic_store(&reader->mailbox->id, 0);

    send_notice(reader, &notice, descriptor);
    if (descriptor >= 0)
        close(descriptor);
}

static int is_over(int listener)
{
    struct pollfd entry = {listener, POLLIN, 0};
    return poll(&entry, 1, 0) == 1 && entry.revents & POLLHUP;
}

_Noreturn static void serve(const struct reader *reader)
{
    for (;;) {
        struct seccomp_notif notification;
        memset(&notification, 0, sizeof notification); // the kernel insists
        if (ioctl(reader->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
            serve_one(reader, &notification);
        } else if ((errno != EINTR && errno != ENOENT) || is_over(reader->listener)) {
            // ENOENT: the caller was killed before we looked, or there is nobody left to call.
            _exit(0);
        }
    }
}

void egress_keep_only(int *const *kept, int count)
{
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

pid_t egress_reader_start(int listener, int channel, int timer, int sends, uint64_t patience, int identifies,
                          struct egress_mailbox *mailbox)
{
    pid_t parent = getpid();
    pid_t pid = egress_clone(0);
    if (pid != 0)
        return pid;
    struct reader reader = {listener, channel, timer, sends, patience, identifies, mailbox};
    prctl(PR_SET_NAME, "egress-reader");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(125);
    int *const kept[] = {&reader.listener, &reader.channel, &reader.timer, &reader.sends};
    egress_keep_only(kept, sends < 0 ? 3 : 4);
    serve(&reader);
}
