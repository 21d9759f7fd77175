// SPDX-License-Identifier: Apache-2.0
//
// The client and the server of the benchmarks. It does nothing but system calls between two readings of the clock, so that
// the figures are of the network and not of a language's runtime.
//
//   probe serve ADDRESS PORT           echoes on PORT, takes and drops on PORT+1, until it is killed
//   probe network ADDRESS PORT         prints: connect+close µs, 64-byte round trip µs, one flow GB/s
//   probe hold ADDRESS PORT COUNT      keeps COUNT flows open until the end of its input
//   probe start ROUNDS A... ::: B...   starts both programs in turn; prints both medians in µs and that of the ratios A/B

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTS = 400, TRIPS = 1500, WARM_UP = 50, FLOW_MEGABYTES = 256, MAX_SAMPLES = 4096, CHUNK = 256 << 10 };

static char buffer[CHUNK];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *samples, int count)
{
    qsort(samples, count, sizeof *samples, ascending);
    return count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
}

static struct sockaddr_in target(const char *address, int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1)
        fail("reading the address");
    return name;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// MARK: Server

static int listen_on(const char *address, int port)
{
    struct sockaddr_in name = target(address, port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 4096) < 0)
        fail("listening");
    return fd;
}

static void watch(int epoll, int fd, int echoes)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)echoes << 32 | (uint32_t)fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("watching a socket");
}

static void accept_all(int epoll, int listener, int echoes)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, 0)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(epoll, fd, echoes);
    }
}

_Noreturn static void serve(const char *address, int port)
{
    raise_descriptor_limit();
    int listeners[2] = {listen_on(address, port + 1), listen_on(address, port)};
    int epoll = epoll_create1(0);
    for (int echoes = 0; echoes < 2; echoes++)
        watch(epoll, listeners[echoes], echoes);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = (int)(uint32_t)events[i].data.u64, echoes = (int)(events[i].data.u64 >> 32);
            if (fd == listeners[echoes]) {
                accept_all(epoll, fd, echoes);
                continue;
            }
            ssize_t length = recv(fd, buffer, sizeof buffer, 0);
            if (length <= 0 || (echoes && send(fd, buffer, (size_t)length, MSG_NOSIGNAL) != length))
                close(fd);
        }
    }
}

// MARK: Client

static int connect_to(const struct sockaddr_in *name)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)name, sizeof *name) < 0)
        fail("connecting");
    return fd;
}

static double connect_and_close(const struct sockaddr_in *name)
{
    double samples[CONNECTS];
    for (int i = -WARM_UP; i < CONNECTS; i++) {
        double start = now();
        close(connect_to(name));
        if (i >= 0)
            samples[i] = now() - start;
    }
    return median(samples, CONNECTS);
}

static void exchange(int fd, char *bytes, size_t count)
{
    if (send(fd, bytes, count, 0) != (ssize_t)count || recv(fd, bytes, count, MSG_WAITALL) != (ssize_t)count)
        fail("exchanging bytes");
}

static double round_trip(const struct sockaddr_in *name)
{
    int fd = connect_to(name), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    double samples[TRIPS];
    char bytes[64] = {0};
    for (int i = -WARM_UP; i < TRIPS; i++) {
        double start = now();
        exchange(fd, bytes, sizeof bytes);
        if (i >= 0)
            samples[i] = now() - start;
    }
    close(fd);
    return median(samples, TRIPS);
}

/// Until the server has read the last byte and closed.
static double flow(const struct sockaddr_in *name)
{
    int fd = connect_to(name);
    size_t rest = (size_t)FLOW_MEGABYTES << 20;
    double start = now();
    while (rest > 0) {
        ssize_t sent = send(fd, buffer, rest < sizeof buffer ? rest : sizeof buffer, 0);
        if (sent < 0)
            fail("sending");
        rest -= (size_t)sent;
    }
    shutdown(fd, SHUT_WR);
    if (recv(fd, buffer, 1, 0) != 0)
        fail("waiting for the server");
    double took = now() - start;
    close(fd);
    return ((double)FLOW_MEGABYTES * (1 << 20)) / took / 1e3;
}

static void network(const char *address, int port)
{
    struct sockaddr_in echo = target(address, port), sink = target(address, port + 1);
    double connecting = connect_and_close(&echo), trip = round_trip(&echo);
    printf("%.2f %.2f %.3f\n", connecting, trip, flow(&sink));
}

static void hold(const char *address, int port, int count)
{
    raise_descriptor_limit();
    struct sockaddr_in name = target(address, port);
    char byte = 0;
    for (int i = 0; i < count; i++)
        exchange(connect_to(&name), &byte, 1);
    printf("holding\n");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
}

// MARK: Calls

static int call_pid(void) { return (int)syscall(SYS_getpid); }

static int call_open(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -1 : close(fd);
}

static int call_write(void)
{
    static int null = -1;
    if (null < 0)
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return (int)write(null, buffer, 64);
}

/// The median of many short loops, in nanoseconds a call.
static double loop(int (*call)(void))
{
    enum { LOOPS = 101, CALLS = 500 };
    static double samples[LOOPS];
    for (int i = 0; i < LOOPS; i++) {
        double start = now();
        for (int j = 0; j < CALLS; j++)
            if (call() < 0)
                fail("calling");
        samples[i] = (now() - start) * 1e3 / CALLS;
    }
    return median(samples, LOOPS);
}

static void calls(void)
{
    double pid = loop(call_pid), opening = loop(call_open);
    printf("%.1f %.1f %.1f\n", pid, opening, loop(call_write));
}

/// Executes a command behind a filter that allows everything: what any filter costs.
static void filtered(char **command)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        fail("loading a filter");
    execv(command[0], command);
    fail(command[0]);
}

/// Connecting to a unix socket of a child's, and closing, in microseconds.
static void local(void)
{
    enum { SAMPLES = 2000 };
    static double samples[SAMPLES];
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/probeXXXXXX";
    if (!mkdtemp(directory))
        fail("making a directory");
    snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", directory);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server, (struct sockaddr *)&name, sizeof name) < 0 || listen(server, 64) < 0)
        fail("listening");
    pid_t child = fork();
    if (child == 0)
        for (;;)
            close(accept(server, NULL, NULL));
    for (int i = -WARM_UP; i < SAMPLES; i++) {
        double start = now();
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
            fail("connecting");
        close(fd);
        if (i >= 0)
            samples[i] = now() - start;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unlink(name.sun_path);
    rmdir(directory);
    printf("%.2f\n", median(samples, SAMPLES));
}

// MARK: Start-up

static double time_of(char **command)
{
    extern char **environ;
    pid_t pid;
    int status;
    double start = now();
    errno = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
    if (errno)
        fail(command[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    double took = now() - start;
    if (status != 0) {
        fprintf(stderr, "probe: %s ended with status %d\n", command[0], status);
        exit(1);
    }
    return took;
}

static void start(int rounds, char **first)
{
    static double a[MAX_SAMPLES], b[MAX_SAMPLES], ratios[MAX_SAMPLES];
    char **second = first;
    while (*second && strcmp(*second, ":::") != 0)
        second++;
    if (!*second || rounds < 1 || rounds > MAX_SAMPLES) {
        errno = EINVAL;
        fail("reading the arguments");
    }
    *second++ = NULL;
    for (int i = -3; i < rounds; i++) {
        double x = time_of(first), y = time_of(second);
        if (i < 0)
            continue;
        a[i] = x, b[i] = y, ratios[i] = x / y;
    }
    double middle = median(a, rounds), other = median(b, rounds), ratio = median(ratios, rounds);
    printf("%.0f %.0f %.3f\n", middle, other, ratio);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (argc == 4 && strcmp(mode, "serve") == 0)
        serve(argv[2], atoi(argv[3]));
    else if (argc == 4 && strcmp(mode, "network") == 0)
        network(argv[2], atoi(argv[3]));
    else if (argc == 5 && strcmp(mode, "hold") == 0)
        hold(argv[2], atoi(argv[3]), atoi(argv[4]));
    else if (argc == 2 && strcmp(mode, "calls") == 0)
        calls();
    else if (argc > 2 && strcmp(mode, "filtered") == 0)
        filtered(argv + 2);
    else if (argc == 2 && strcmp(mode, "local") == 0)
        local();
    else if (argc > 4 && strcmp(mode, "start") == 0)
        start(atoi(argv[2]), argv + 3);
    else {
        fprintf(stderr, "usage: probe serve|network ADDRESS PORT | hold ADDRESS PORT COUNT | calls | local | filtered A... | start ROUNDS A... ::: B...\n");
        return 2;
    }
    return 0;
}
