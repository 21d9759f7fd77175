// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "egress_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int egress_memory_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

int egress_open_without_links(const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

int egress_open_in_root(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int egress_socket_namespace(int socket)
{
    return ioctl(socket, SIOCGSKNS);
}

int egress_accept(int socket, struct sockaddr_storage *peer)
{
    socklen_t length = sizeof *peer;
    return accept4(socket, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int egress_continue_at(uint64_t time)
{
    static timer_t timer;
    static int is_made;
    if (!is_made) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
            return -1;
        is_made = 1;
    }
    struct itimerspec due = {.it_value = {.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)}};
    return timer_settime(timer, TIMER_ABSTIME, &due, NULL);
}

int egress_reap(pid_t pid, uint64_t time)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0U), result;
    struct pollfd entry = {.fd = pidfd, .events = POLLIN};
    do {
        result = waitpid(pid, NULL, WNOHANG);
        if (result < 0 && errno != EINTR)
            result = pid; // it is no child of ours, or was reaped before
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        uint64_t since = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
        if (result == pid || since >= time)
            break;
        // Without a pidfd (too many descriptors are open) this looks every millisecond.
        uint64_t left = (time - since + 999999) / 1000000;
        poll(&entry, 1, pidfd < 0 ? 1 : left > 60000 ? 60000 : (int)left);
    } while (1);
    if (pidfd >= 0)
        close(pidfd);
    return result == pid ? 0 : -1;
}

int egress_pidfd_send_signal(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}

int egress_pidfd_getfd(int pidfd, int descriptor)
{
    return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0U);
}

int egress_adopt_orphans(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

ssize_t egress_receive_descriptors(int socket, void *buffer, size_t capacity, int *descriptors, size_t *count)
{
    char rights[CMSG_SPACE(sizeof(int) * 253)]; // SCM_MAX_FD
    struct iovec part = {buffer, capacity};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    ssize_t length;
    // Who ended before it took what we had sent leaves ECONNRESET, once, before what it had said itself (sock_error).
    int is_reset = 0;
    do
        length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && (errno == EINTR || (errno == ECONNRESET && !is_reset++)));
    size_t room = *count;
    *count = 0;
    if (length < 0)
        return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t present = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < present; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            if (*count < room)
                descriptors[(*count)++] = fd;
            else
                close(fd);
        }
    }
    return length;
}

int egress_send_with_descriptors(int channel, const void *bytes, size_t count, const int *descriptors, int flags)
{
    int present[2];
    size_t number = 0;
    for (int i = 0; i < 2; i++)
        if (descriptors[i] >= 0)
            present[number++] = descriptors[i];
    struct iovec part = {(void *)bytes, count};
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof present)];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (number > 0) {
        memset(rights, 0, sizeof rights);
        message.msg_control = rights;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * number);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * number);
        memcpy(CMSG_DATA(header), present, sizeof(int) * number);
    }
    ssize_t sent;
    do
        sent = sendmsg(channel, &message, MSG_NOSIGNAL | flags);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

int egress_send_with_descriptor(int channel, const void *bytes, size_t count, int descriptor)
{
    const int descriptors[2] = {descriptor, -1};
    return egress_send_with_descriptors(channel, bytes, count, descriptors, MSG_DONTWAIT);
}

ssize_t egress_receive_with_destination(int socket, void *buffer, size_t capacity, struct sockaddr_storage *name,
                                        uint8_t *address, size_t *address_length)
{
    char control[256];
    struct iovec part = {buffer, capacity};
    struct msghdr message = {.msg_name = name,
                             .msg_namelen = sizeof *name,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    *address_length = 0;
    ssize_t length = recvmsg(socket, &message, MSG_DONTWAIT);
    if (length < 0)
        return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            memcpy(address, &info.ipi_addr, *address_length = sizeof info.ipi_addr);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            memcpy(address, &info.ipi6_addr, *address_length = sizeof info.ipi6_addr);
        }
    }
    return length;
}

ssize_t egress_send_from(int socket, const void *bytes, size_t count, const struct sockaddr_storage *name,
                         const uint8_t *source, size_t length)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct iovec part = {(void *)bytes, count};
    struct msghdr message = {.msg_name = (void *)name, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    memset(control, 0, sizeof control);
    struct cmsghdr *header = (struct cmsghdr *)control;
    if (length == sizeof(struct in_addr)) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, source, length);
        message.msg_namelen = sizeof(struct sockaddr_in);
        message.msg_controllen = CMSG_SPACE(sizeof info);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
    } else {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, source, sizeof info.ipi6_addr);
        message.msg_namelen = sizeof(struct sockaddr_in6);
        message.msg_controllen = CMSG_SPACE(sizeof info);
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = IPV6_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
    }
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int egress_describe(int fd, struct egress_description *description)
{
    struct statx status;
    // What a file server knows better is not asked for: it may never answer.
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_MNT_ID, &status) < 0)
        return -1;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -1;
    *description = (struct egress_description){
        .mode = status.stx_mode,
        .flags = flags,
        .major = status.stx_rdev_major,
        .minor = status.stx_rdev_minor,
        .mount = status.stx_mask & STATX_MNT_ID ? status.stx_mnt_id : 0,
    };
    return 0;
}

int64_t egress_file_system(int fd)
{
    struct statfs system;
    return fstatfs(fd, &system) < 0 ? -1 : (int64_t)system.f_type;
}

int64_t egress_terminal_number(int fd)
{
    unsigned number = 0;
    return ioctl(fd, TIOCGDEV, &number) < 0 ? -1 : (int64_t)number;
}

int egress_is_foreign_socket(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
        return 0;
    int domain = 0, type = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
        return 1;
    size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return 1;
    if (domain != AF_UNIX || (type != SOCK_STREAM && type != SOCK_SEQPACKET))
        return 1;
    struct sockaddr_storage peer;
    size = sizeof peer;
    return getpeername(fd, (struct sockaddr *)&peer, &size) < 0;
}
