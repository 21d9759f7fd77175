// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that come over unix sockets (SCM_RIGHTS of unix(7)): refusing them, and finding those that came before.

#define _GNU_SOURCE
#include "egress_rights.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PASSRIGHTS // Linux 6.16
#define SO_PASSRIGHTS 83
#endif

int egress_rights_allowed(int socket)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &value, &size) < 0 ? -1 : value;
}

int egress_rights_allow(int socket, int allowed)
{
    return setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &allowed, sizeof allowed);
}

/// Closes the descriptors of a message, and tells whether there were any.
static int close_rights(struct msghdr *message)
{
    int found = message->msg_flags & MSG_CTRUNC ? 1 : 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++)
            close(((int *)(void *)CMSG_DATA(header))[i]);
        found = 1;
    }
    return found;
}

/// Looks at what waits from its beginning on, without taking it.
static int look(int socket)
{
    // At the end of a seqpacket socket one can't tell an empty packet from the end; no queue is as long as this.
    enum { MESSAGES = 1 << 18, EMPTY = 1 << 12 };
    static char buffer[1 << 16];
    int empty = 0;
    for (int i = 0; i < MESSAGES && empty < EMPTY; i++) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253) + 256]; // SCM_MAX_FD, credentials, a pidfd
        struct iovec part = {buffer, sizeof buffer};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t length = recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return errno != EAGAIN;
        if (close_rights(&message))
            return 1;
        empty = length == 0 ? empty + 1 : 0;
    }
    return empty == 0;
}

int egress_rights_wait(int socket)
{
    int before = 0, start = 0;
    socklen_t size = sizeof before;
    // What is out of band is not looked at below, and may carry descriptors as well.
    struct pollfd entry = {socket, POLLPRI, 0};
    if (poll(&entry, 1, 0) == 1 && entry.revents & POLLPRI)
        return 1;
    if (getsockopt(socket, SOL_SOCKET, SO_PEEK_OFF, &before, &size) < 0 ||
        setsockopt(socket, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof start) < 0)
        return 1;
    int found = look(socket);
    setsockopt(socket, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof before);
    return found;
}
