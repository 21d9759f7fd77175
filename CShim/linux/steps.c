// SPDX-License-Identifier: Apache-2.0
//
// Performs the steps of a plan.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int egress_netlink(const void *request, size_t count)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -1;
    // Room for the acknowledgement, which may quote the request.
    _Alignas(struct nlmsghdr) char answer[8192];
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    ssize_t length = -1;
    if (send(fd, request, count, 0) == (ssize_t)count)
        do
            length = recv(fd, answer, sizeof answer, 0);
        while (length < 0 && errno == EINTR);
    close(fd);
    if (length < 0)
        return -1;
    if ((size_t)length < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
    return errno == 0 ? 0 : -1;
}

static int write_file(const char *path, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, bytes, count);
    int saved = errno;
    close(fd);
    if (written == (ssize_t)count)
        return 0;
    errno = written < 0 ? saved : EIO;
    return -1;
}

static int set_mount_attributes(const char *target, unsigned long attributes)
{
    struct mount_attr attr = {.attr_set = attributes};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, target, AT_RECURSIVE, &attr, sizeof attr);
}

static int perform_step(const struct egress_step *step, pid_t init)
{
    switch (step->kind) {
    case EGRESS_STEP_NETLINK: {
        char request[1024];
        if (step->count > sizeof request) {
            errno = EMSGSIZE;
            return -1;
        }
        memcpy(request, step->bytes, step->count);
        uint32_t pid = (uint32_t)init;
        if (step->pid_offset)
            memcpy(request + step->pid_offset, &pid, sizeof pid);
        return egress_netlink(request, step->count);
    }
    case EGRESS_STEP_MOUNT:
        return mount(step->source, step->target, step->type, step->flags, step->options);
    case EGRESS_STEP_MOUNT_SETATTR:
        return set_mount_attributes(step->target, step->flags);
    case EGRESS_STEP_WRITE:
        return write_file(step->target, step->bytes, step->count);
    }
    errno = EINVAL;
    return -1;
}

int egress_make_socket(const struct egress_socket *spec)
{
    int fd = socket(spec->domain, spec->type | SOCK_CLOEXEC | SOCK_NONBLOCK, spec->protocol);
    if (fd < 0)
        return -1;
    for (size_t i = 0; i < spec->option_count; i++) {
        const struct egress_option *option = &spec->options[i];
        if (setsockopt(fd, option->level, option->name, option->value, option->length) < 0)
            goto fail;
    }
    if (spec->address_length && bind(fd, (const struct sockaddr *)&spec->address, spec->address_length) < 0)
        goto fail;
    if (spec->backlog && listen(fd, spec->backlog) < 0)
        goto fail;
    return fd;
fail:;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

void egress_perform(const struct egress_namespace *plan, pid_t init, int control, int *descriptors)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (perform_step(&plan->steps[i], init) < 0)
            egress_fail(control, plan->steps[i].what);
    for (size_t i = 0; i < plan->socket_count && i < EGRESS_MAX_SOCKETS; i++) {
        descriptors[i] = egress_make_socket(&plan->sockets[i]);
        if (descriptors[i] < 0)
            egress_fail(control, plan->sockets[i].what);
    }
}
