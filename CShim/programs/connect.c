// SPDX-License-Identifier: Apache-2.0
//
// A TCP client that connects in the way its first argument names, sends a line and prints the answer.
// usage: connect MODE ADDRESS PORT [TEXT]
#include "program.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

static struct sockaddr_storage address;
static socklen_t length;
static const char *text = "hello\n";

static int open_socket(int flags, int protocol)
{
    return check(socket(address.ss_family, SOCK_STREAM | flags, protocol), "socket");
}

static void connect_to_target(int fd)
{
    check(connect(fd, (struct sockaddr *)&address, length), "connect");
}

/// The answer of a socket that became writable.
static void check_pending_error(int fd)
{
    int code = 0;
    socklen_t size = sizeof code;

    check(getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size), "getsockopt");
    if (code != 0) {
        errno = code;
        fail("connect");
    }
}

static void start_connecting(int fd)
{
    if (connect(fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS)
        fail("connect");
}

static int plain(void)
{
    int fd = open_socket(0, 0);

    connect_to_target(fd);
    return fd;
}

static int with_poll(void)
{
    int fd = open_socket(SOCK_NONBLOCK, 0);

    start_connecting(fd);
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    if (check(poll(&waiting, 1, 5000), "poll") == 0) {
        errno = ETIMEDOUT;
        fail("poll");
    }
    check_pending_error(fd);
    return fd;
}

/// As asio and nginx do: the socket is in the epoll set, edge-triggered, before it connects.
static int epoll_first(void)
{
    int fd = open_socket(SOCK_NONBLOCK, 0), set = check(epoll_create1(0), "epoll_create1");
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = 0x1122334455667788}, got;

    check(epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted), "epoll_ctl");
    // Both report EPOLLHUP for a socket that was never connected; that edge is theirs to discard.
    epoll_wait(set, &got, 1, 0);
    start_connecting(fd);
    if (check(epoll_wait(set, &got, 1, 5000), "epoll_wait") == 0) {
        errno = ETIMEDOUT;
        fail("epoll_wait");
    }
    if (got.data.u64 != wanted.data.u64)
        exit(3);
    check_pending_error(fd);
    return fd;
}

/// The descriptor that is used is a copy made before the connect.
static int dup_first(void)
{
    int fd = open_socket(0, 0), copy = check(dup(fd), "dup");

    connect_to_target(fd);
    close(fd);
    return copy;
}

/// A child made before the connect uses the socket that its parent connects.
static int fork_first(void)
{
    int fd = open_socket(0, 0), go[2];

    check(pipe(go), "pipe");
    pid_t child = check(fork(), "fork");
    if (child == 0) {
        char byte;
        close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        return fd;
    }
    connect_to_target(fd);
    close(fd);
    check((int)write(go[1], "x", 1), "write");
    int status = 0;
    waitpid(child, &status, 0);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
}

/// The data travels with the SYN, without any connect.
static int fast_open(const char *how)
{
    int fd = open_socket(0, 0);
    struct iovec part = {.iov_base = (void *)(size_t)text, .iov_len = strlen(text)};
    struct mmsghdr message = {.msg_hdr = {
        .msg_name = &address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1}};

    if (strcmp(how, "sendto") == 0)
        check((int)sendto(fd, text, strlen(text), MSG_FASTOPEN, (struct sockaddr *)&address, length), "sendto");
    else if (strcmp(how, "sendmsg") == 0)
        check((int)sendmsg(fd, &message.msg_hdr, MSG_FASTOPEN), "sendmsg");
    else
        check(sendmmsg(fd, &message, 1, MSG_FASTOPEN), "sendmmsg");
    return fd;
}

static int fast_open_option(void)
{
    int fd = open_socket(0, 0), on = 1;

    check(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), "setsockopt");
    connect_to_target(fd);
    return fd;
}

static int multipath(void)
{
    int fd = open_socket(0, IPPROTO_MPTCP);

    connect_to_target(fd);
    return fd;
}

/// Dissolves an association and makes another with the same socket.
static int dissolved(void)
{
    int fd = open_socket(0, 0);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in allowed = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = inet_addr("93.184.216.34")};

    check(connect(fd, (struct sockaddr *)&allowed, sizeof allowed), "first connect");
    check(connect(fd, &none, sizeof none), "dissolve");
    connect_to_target(fd);
    return fd;
}

/// The address lies `before` bytes before the end of a page of memory, in a page of a file that nobody has touched, or
/// begins in the one and ends in the other.
static int mapped(size_t before)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    FILE *file = tmpfile();
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!file || memory == MAP_FAILED)
        fail("mmap");
    size_t inside = before < length ? before : length;
    memcpy(memory + page - before, &address, inside);
    fwrite((char *)&address + inside, 1, length - inside, file);
    check(ftruncate(fileno(file), (off_t)page), "ftruncate");
    fflush(file);
    if (mmap(memory + page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fileno(file), 0) == MAP_FAILED)
        fail("mmap");
    int fd = open_socket(0, 0);
    check(connect(fd, (struct sockaddr *)(memory + page - before), length), "connect");
    return fd;
}

static int in_file(void)
{
    return mapped(0);
}

static int astride(void)
{
    return mapped(5);
}

/// As `astride`, but the second page isn't there.
static int cut_off(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    memcpy(memory + page - 5, &address, 5);
    check(munmap(memory + page, page), "munmap");
    int fd = open_socket(0, 0);
    check(connect(fd, (struct sockaddr *)(memory + page - 5), length), "connect");
    return fd;
}

static int open_in_mode(const char *mode)
{
    if (strncmp(mode, "fastopen-", 9) == 0)
        return strcmp(mode, "fastopen-option") == 0 ? fast_open_option() : fast_open(mode + 9);

    static const struct {
        const char *name;
        int (*open)(void);
    } modes[] = {
        {"plain", plain}, {"poll", with_poll}, {"epoll-first", epoll_first}, {"dup-first", dup_first},
        {"fork-first", fork_first}, {"multipath", multipath}, {"dissolved", dissolved},
        {"in-file", in_file}, {"astride", astride}, {"cut-off", cut_off},
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, mode) == 0)
            return modes[i].open();
    fprintf(stderr, "no such mode: %s\n", mode);
    exit(2);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: connect MODE ADDRESS PORT [TEXT]\n");
        return 2;
    }
    if (argc > 4)
        text = argv[4];
    length = parse_address(argv[2], argv[3], &address);
    int fd = open_in_mode(argv[1]);
    check(fcntl(fd, F_SETFL, 0), "fcntl");

    char buffer[4096];
    ssize_t size;
    if (strncmp(argv[1], "fastopen-s", 10) != 0)
        check((int)send(fd, text, strlen(text), MSG_NOSIGNAL), "send");
    check(shutdown(fd, SHUT_WR), "shutdown");
    while ((size = check((int)recv(fd, buffer, sizeof buffer, 0), "recv")) > 0)
        fwrite(buffer, 1, (size_t)size, stdout);
    return 0;
}
