// SPDX-License-Identifier: Apache-2.0
//
// The supervisor's part in notified sends: receiving what was read (see `sends.c`), sending it, answering.

#define _GNU_SOURCE
#include "egress_sends.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void egress_send_pass_on(int listener, int sends, const struct seccomp_notif *notification)
{
    struct egress_send_call call = {
        .id = notification->id, .task = notification->pid, .number = (uint32_t)notification->data.nr};
    for (int i = 0; i < 6; i++)
        call.arguments[i] = notification->data.args[i];
    if (sends < 0 || send(sends, &call, sizeof call, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        egress_notification_answer(listener, call.id, ENOBUFS);
}

int egress_send_call_take(int queue, struct egress_send_call *call)
{
    ssize_t length = recv(queue, call, sizeof *call, MSG_DONTWAIT);
    if (length == sizeof *call)
        return 1;
    if (length >= 0)
        errno = EPROTO;
    return -1;
}

int egress_send_receive(int channel, struct egress_send_notice *notice, int *descriptors)
{
    int received[2] = {-1, -1}, count = 0;
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof received)];
    struct iovec part = {notice, sizeof *notice};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    descriptors[0] = descriptors[1] = -1;
    ssize_t length = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length <= 0)
        return (int)length;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        count = header->cmsg_len == CMSG_LEN(sizeof received) ? 2 : 1;
        memcpy(received, CMSG_DATA(header), sizeof(int) * (size_t)count);
    }
    int at = 0;
    if (length == sizeof *notice && notice->base.path_error == 0 && at < count)
        descriptors[0] = received[at++];
    if (at < count)
        descriptors[1] = received[at++];
    if (length == sizeof *notice)
        return 1;
    for (int i = 0; i < 2; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    errno = EPROTO;
    return -1;
}

/// The control part as we send it; the descriptors that stand in it are ours to close.
struct control {
    _Alignas(struct cmsghdr) char bytes[EGRESS_SEND_CONTROL + CMSG_SPACE(sizeof(struct ucred))];
    size_t length;
    int descriptors[253]; // SCM_MAX_FD
    size_t count;
    int has_credentials;
};

static int add(struct control *control, int level, int type, const void *data, size_t length)
{
    if (control->length + CMSG_SPACE(length) > sizeof control->bytes)
        return ENOBUFS;
    struct cmsghdr *header = (struct cmsghdr *)(void *)(control->bytes + control->length);
    memset(header, 0, CMSG_SPACE(length));
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(header), data, length);
    control->length += CMSG_SPACE(length);
    return 0;
}

/// Descriptors of the caller's, taken over one by one.
static int add_rights(struct control *control, pid_t task, const char *data, size_t length)
{
    size_t count = length / sizeof(int), first = control->count;
    if (count > sizeof control->descriptors / sizeof(int) - first)
        return EINVAL;
    for (size_t i = 0; i < count; i++) {
        int number;
        memcpy(&number, data + i * sizeof number, sizeof number);
        int fd = egress_pin_descriptor(task, number);
        if (fd < 0)
            return errno == EBADF ? EBADF : EPERM;
        control->descriptors[control->count++] = fd;
    }
    return add(control, SOL_SOCKET, SCM_RIGHTS, control->descriptors + first, count * sizeof(int));
}

/// Who the caller says it is: only itself, as without privileges. Its receiver sees our process, as nobody without
/// CAP_SYS_ADMIN can speak for another.
static int add_credentials(struct control *control, const struct egress_notice *notice, const struct ucred *claimed)
{
    struct egress_task_status status;
    struct ucred own = {.pid = getpid(), .uid = getuid(), .gid = getgid()};
    if (geteuid() == 0) {
        own.uid = notice->identity.user;
        own.gid = notice->identity.group;
    }
    if (claimed && egress_task_status_read((pid_t)notice->task, &status) < 0)
        return EPERM;
    if (claimed && ((uint32_t)claimed->pid != status.inner_process || claimed->uid != own.uid || claimed->gid != own.gid))
        return EPERM;
    control->has_credentials = 1;
    return add(control, SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof own);
}

/// What an ordinary program may say beside its data, and what no right of ours lends weight to.
static int is_plain(int domain, const struct cmsghdr *header)
{
    if (header->cmsg_level == SOL_SOCKET)
        return header->cmsg_type == SO_TIMESTAMPING || header->cmsg_type == 61; // SCM_TXTIME
    if (header->cmsg_level == IPPROTO_UDP)
        return header->cmsg_type == 103; // UDP_SEGMENT
    if (header->cmsg_level == IPPROTO_IP)
        return header->cmsg_type == IP_TOS || header->cmsg_type == IP_TTL || header->cmsg_type == IP_PKTINFO;
    if (header->cmsg_level == IPPROTO_IPV6 && domain == AF_INET6)
        return header->cmsg_type == IPV6_PKTINFO || header->cmsg_type == IPV6_HOPLIMIT ||
               header->cmsg_type == IPV6_TCLASS || header->cmsg_type == IPV6_DONTFRAG;
    return 0;
}

static int translate(const struct egress_send_notice *notice, const struct egress_send_target *target, char *bytes,
                     struct control *control)
{
    int domain = target->domain;
    struct msghdr message = {.msg_control = bytes, .msg_controllen = notice->control_length};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        size_t left = notice->control_length - (size_t)((char *)header - bytes);
        if (header->cmsg_len < sizeof *header || header->cmsg_len > left)
            return EINVAL;
        size_t length = header->cmsg_len - CMSG_LEN(0);
        const char *data = (const char *)CMSG_DATA(header);
        int error;
        if (domain == AF_UNIX && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
            error = add_rights(control, (pid_t)notice->base.task, data, length);
        } else if (domain == AF_UNIX && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred claimed;
            if (length != sizeof claimed || control->has_credentials)
                return EINVAL;
            memcpy(&claimed, data, sizeof claimed);
            error = add_credentials(control, &notice->base, &claimed);
        } else if (domain != AF_UNIX && is_plain(domain, header)) {
            error = add(control, header->cmsg_level, header->cmsg_type, data, length);
        } else {
            error = domain == AF_UNIX && header->cmsg_level != SOL_SOCKET ? 0 : EPERM; // as the kernel passes over them
        }
        if (error)
            return error;
    }
    return 0;
}

static int64_t perform(const struct egress_send_notice *notice, char *memory, const struct egress_send_target *target,
                       uint64_t offset, struct control *control)
{
    control->length = control->count = 0;
    control->has_credentials = 0;
    int error = 0;
    // Only with the first byte, as the kernel does it.
    if (offset == 0 && notice->control_length > 0)
        error = translate(notice, target, memory + ((notice->length + 7) & ~7ULL), control);
    // The receiver is to see its caller, not root.
    if (!error && target->domain == AF_UNIX && geteuid() == 0 && !control->has_credentials)
        error = add_credentials(control, &notice->base, NULL);
    if (error)
        return -error;
    struct iovec part = {memory + offset, notice->length - offset};
    struct msghdr message = {
        .msg_name = (void *)(uintptr_t)target->name,
        .msg_namelen = target->name ? target->name_length : 0,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control->length ? control->bytes : NULL,
        .msg_controllen = control->length,
    };
    // MSG_FASTOPEN and the kernel's own flags have no place here.
    int flags = (notice->flags & 0x0401ffff) | MSG_DONTWAIT | MSG_NOSIGNAL;
    int other = target->acts && egress_become(&notice->base.identity);
    ssize_t sent;
    do
        sent = sendmsg(target->socket, &message, flags);
    while (sent < 0 && errno == EINTR);
    error = errno;
    if (other)
        egress_become_root();
    return sent < 0 ? -error : sent;
}

int64_t egress_send_now(const struct egress_send_notice *notice, int file, const struct egress_send_target *target,
                        uint64_t offset)
{
    static struct control control;
    static char empty[8];
    size_t size = ((notice->length + 7) & ~7ULL) + notice->control_length;
    char *memory = empty;
    if (size > 0) {
        memory = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
        if (memory == MAP_FAILED)
            return -ENOBUFS;
    }
    int64_t result = perform(notice, memory, target, offset, &control);
    for (size_t i = 0; i < control.count; i++)
        egress_let_go(control.descriptors[i]);
    control.count = 0;
    if (size > 0)
        munmap(memory, size);
    return result;
}

void egress_send_pipe_signal(pid_t task)
{
    pid_t process = egress_process_of(task);
    if (process > 0)
        syscall(SYS_tgkill, process, task, SIGPIPE);
}
