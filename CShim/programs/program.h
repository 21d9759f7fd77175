// SPDX-License-Identifier: Apache-2.0
//
// What the victim and attacker programs of the tests share. They are programs of their own because a test must
// see the system calls of an ordinary, unmodified process, static and dynamic, glibc and musl.
#ifndef EGRESS_TEST_PROGRAM_H
#define EGRESS_TEST_PROGRAM_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/// The symbolic name of an errno (musl has no strerrorname_np).
static inline const char *error_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {EPERM, "EPERM"}, {EACCES, "EACCES"}, {EINVAL, "EINVAL"}, {ENOSYS, "ENOSYS"}, {ESRCH, "ESRCH"},
        {EPIPE, "EPIPE"}, {EIO, "EIO"}, {EBADF, "EBADF"}, {ENOENT, "ENOENT"}, {EFAULT, "EFAULT"},
        {ECONNREFUSED, "ECONNREFUSED"}, {ECONNRESET, "ECONNRESET"}, {EHOSTUNREACH, "EHOSTUNREACH"},
        {ENETUNREACH, "ENETUNREACH"}, {ETIMEDOUT, "ETIMEDOUT"}, {EINPROGRESS, "EINPROGRESS"}, {EINTR, "EINTR"},
        {EAFNOSUPPORT, "EAFNOSUPPORT"}, {EPROTONOSUPPORT, "EPROTONOSUPPORT"}, {EOPNOTSUPP, "EOPNOTSUPP"},
        {ENOTCONN, "ENOTCONN"}, {EISCONN, "EISCONN"}, {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
        {EDESTADDRREQ, "EDESTADDRREQ"}, {ENOTTY, "ENOTTY"}, {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return "another error";
}

/// Tells on stderr which call failed and how, and ends with status 1.
static inline _Noreturn void fail(const char *what)
{
    int code = errno;
    fprintf(stderr, "%s: %s (%d)\n", what, error_name(code), code);
    exit(1);
}

static inline int check(int result, const char *what)
{
    if (result < 0)
        fail(what);
    return result;
}

/// Parses a literal IPv4 or IPv6 address and a port; returns the length of the socket address.
static inline socklen_t parse_address(const char *address, const char *port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((unsigned short)atoi(port));
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((unsigned short)atoi(port));
        return sizeof *v6;
    }
    fprintf(stderr, "not an address: %s\n", address);
    exit(2);
}

#endif
