// SPDX-License-Identifier: Apache-2.0
//
// The hooks of calls that name a destination: connect, sendto, sendmsg, sendmmsg, and syscall for the same four.
//
// An address is copied before it is asked about, and the copy is what the kernel gets. What cannot be a destination (a
// bad descriptor, a null or short address) is passed on, so that the kernel says what is wrong with it, as ever.
// Not asked about are AF_UNIX and AF_NETLINK, which lead to this machine only, and the disconnecting AF_UNSPEC.

#include "preload.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int connect_function(int, const struct sockaddr *, socklen_t);
typedef ssize_t sendto_function(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
typedef ssize_t sendmsg_function(int, const struct msghdr *, int);
typedef int sendmmsg_function(int, struct mmsghdr *, unsigned int, int);
typedef long syscall_function(long, long, long, long, long, long, long);

static void *_Atomic next_connect, *_Atomic next_sendto, *_Atomic next_sendmsg, *_Atomic next_sendmmsg;
static void *_Atomic next_syscall;

// With _GNU_SOURCE <sys/socket.h> declares the first two with a union in place of the pointer; this goes past it.
int egress_connect(int socket, const struct sockaddr *address, socklen_t length) __asm__("connect");
ssize_t egress_sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *address,
                      socklen_t length) __asm__("sendto");

#define NEXT(name) ((name##_function *)egress_next(#name, &next_##name))

/// Messages of one sendmmsg that are asked about at a time.
enum { BATCH = 16 };

/// Copies an address that could be a destination; false if it cannot be, or names none to ask about.
static bool copy_destination(const void *address, size_t length, bool is_connect, struct sockaddr_storage *ret_copy)
{
    if (address == NULL || length < sizeof(sa_family_t) || length > sizeof *ret_copy)
        return false;
    memcpy(ret_copy, address, length);
    switch (ret_copy->ss_family) {
    case AF_UNIX:
    case AF_NETLINK:
        return false;
    case AF_UNSPEC:
        return !is_connect && length >= sizeof(struct sockaddr_in);
    case AF_INET:
        return length >= sizeof(struct sockaddr_in);
    case AF_INET6:
        return length >= offsetof(struct sockaddr_in6, sin6_scope_id);
    default:
        return true;
    }
}

/// Whether a socket may reach an address; sets errno if not.
static bool may_reach(int socket, const struct sockaddr_storage *address, size_t length)
{
    int saved = errno;
    int protocol;
    socklen_t size = sizeof protocol;
    bool is_allowed = getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
                      egress_may_reach(address, length, protocol);
    errno = is_allowed ? saved : EACCES;
    return is_allowed;
}

EGRESS_HOOK int egress_connect(int socket, const struct sockaddr *address, socklen_t length)
{
    connect_function *next = NEXT(connect);
    struct sockaddr_storage copy;
    if (egress_names_only() || !copy_destination(address, length, true, &copy))
        return next(socket, address, length);
    if (!may_reach(socket, &copy, length))
        return -1;
    return next(socket, (const struct sockaddr *)&copy, length);
}

/// glibc's other name for it.
EGRESS_HOOK int egress_reserved_connect(int socket, const struct sockaddr *address, socklen_t length)
    __asm__("__connect") __attribute__((alias("connect")));

EGRESS_HOOK ssize_t egress_sendto(int socket, const void *bytes, size_t count, int flags,
                                  const struct sockaddr *address, socklen_t length)
{
    sendto_function *next = NEXT(sendto);
    struct sockaddr_storage copy;
    if (egress_names_only() || !copy_destination(address, length, false, &copy))
        return next(socket, bytes, count, flags, address, length);
    if (!may_reach(socket, &copy, length))
        return -1;
    return next(socket, bytes, count, flags, (const struct sockaddr *)&copy, length);
}

EGRESS_HOOK ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    sendmsg_function *next = NEXT(sendmsg);
    struct sockaddr_storage copy;
    if (egress_names_only() || message == NULL ||
        !copy_destination(message->msg_name, message->msg_namelen, false, &copy))
        return next(socket, message, flags);
    if (!may_reach(socket, &copy, message->msg_namelen))
        return -1;
    struct msghdr checked = *message;
    checked.msg_name = &copy;
    return next(socket, &checked, flags);
}

/// Sends at most BATCH messages; like sendmmsg(2), those before the first that may not be sent.
static int send_batch(int socket, struct mmsghdr *messages, unsigned int count, int flags)
{
    struct mmsghdr checked[BATCH];
    struct sockaddr_storage copies[BATCH];
    unsigned int allowed = 0;
    for (; allowed < count; allowed++) {
        struct msghdr *message = &checked[allowed].msg_hdr;
        checked[allowed] = messages[allowed];
        if (!copy_destination(message->msg_name, message->msg_namelen, false, &copies[allowed]))
            continue;
        if (!may_reach(socket, &copies[allowed], message->msg_namelen))
            break;
        message->msg_name = &copies[allowed];
    }
    if (allowed == 0)
        return -1;
    int sent = NEXT(sendmmsg)(socket, checked, allowed, flags);
    for (int i = 0; i < sent; i++)
        messages[i].msg_len = checked[i].msg_len;
    return sent;
}

EGRESS_HOOK int sendmmsg(int socket, struct mmsghdr *messages, unsigned int count, int flags)
{
    if (egress_names_only() || messages == NULL || count == 0)
        return NEXT(sendmmsg)(socket, messages, count, flags);
    unsigned int total = 0;
    while (total < count) {
        unsigned int size = count - total < BATCH ? count - total : BATCH;
        int sent = send_batch(socket, messages + total, size, flags);
        if (sent < 0)
            return total > 0 ? (int)total : -1;
        total += (unsigned int)sent;
        if ((unsigned int)sent < size)
            break;
    }
    return (int)total;
}

// In the calling conventions of x86-64 and AArch64 a variadic function and one with seven parameters are called alike.
// The jump at the end leaves no frame behind: syscall(SYS_clone, ...) may come back on another stack.
long egress_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");

EGRESS_HOOK long egress_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    switch (number) {
    case SYS_connect:
        return egress_connect((int)a, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_sendto:
        return egress_sendto((int)a, (const void *)b, (size_t)c, (int)d, (const struct sockaddr *)e, (socklen_t)f);
    case SYS_sendmsg:
        return sendmsg((int)a, (const struct msghdr *)b, (int)c);
    case SYS_sendmmsg:
        return sendmmsg((int)a, (struct mmsghdr *)b, (unsigned int)c, (int)d);
    default: {
        syscall_function *next = NEXT(syscall);
        __attribute__((musttail)) return next(number, a, b, c, d, e, f);
    }
    }
}
