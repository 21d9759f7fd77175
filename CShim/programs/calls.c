// SPDX-License-Identifier: Apache-2.0
//
// connect(2) in every way that programs use it, and in some that only a mistaken or hostile one does; a line for each
// with its result. What it prints must be the same with and without egress-run.
//
// usage: calls ADDRESS OPEN-PORT CLOSED-PORT SILENT-PORT, in a directory that can be written to
#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_storage open_address, closed_address, silent_address;
static socklen_t length;
static volatile int handled;

static void say(const char *what, int result)
{
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "0");
}

static int stream(int flags)
{
    return check(socket(open_address.ss_family, SOCK_STREAM | flags, 0), "socket");
}

static int to(int fd, const void *address)
{
    return connect(fd, address, length);
}

static long milliseconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void ordinary(void)
{
    int fd = stream(0);
    say("blocking", to(fd, &open_address));
    printf("blocking still: %d\n", !(fcntl(fd, F_GETFL) & O_NONBLOCK));
    say("connected already", to(fd, &open_address));
    close(fd);

    fd = stream(SOCK_NONBLOCK);
    say("nonblocking", to(fd, &open_address));
    struct pollfd entry = {fd, POLLOUT, 0};
    int error = 1, ready = poll(&entry, 1, 5000);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    printf("poll: %d %x, SO_ERROR %d\n", ready, entry.revents, error);
    say("nonblocking, made", to(fd, &open_address));
    say("nonblocking, again", to(fd, &open_address));
    close(fd);

    fd = stream(0);
    say("closed port", to(fd, &closed_address));
    say("closed port, same socket", to(fd, &closed_address));
    say("then an open one", to(fd, &open_address));
    struct sockaddr unspecified = {.sa_family = AF_UNSPEC};
    say("dissolved", connect(fd, &unspecified, sizeof unspecified));
    say("connected once more", to(fd, &open_address));
    close(fd);

    fd = check(socket(open_address.ss_family, SOCK_DGRAM, 0), "socket");
    say("datagrams", to(fd, &open_address));
    say("datagrams dissolved", connect(fd, &unspecified, sizeof unspecified));
    close(fd);
}

static void *in_thread(void *unused)
{
    int fd = stream(0);
    say("in a thread", to(fd, &open_address));
    close(fd);
    return unused;
}

static void shared(void)
{
    int fd = stream(0), copy = dup(fd), go[2];
    check(pipe(go), "pipe");
    if (fork() == 0) {
        char byte;
        read(go[0], &byte, 1);
        struct sockaddr_storage peer;
        say("peer in a child from before", getpeername(copy, (struct sockaddr *)&peer, &(socklen_t){sizeof peer}));
        fflush(stdout);
        _exit(0);
    }
    say("shared", to(fd, &open_address));
    fflush(stdout);
    write(go[1], "", 1);
    wait(NULL);
    close(fd);
    close(copy);

    fd = stream(SOCK_NONBLOCK);
    int epoll = epoll_create1(0);
    struct epoll_event event = {EPOLLOUT | EPOLLET, {.u64 = 0x1234567890abcdef}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_wait(epoll, &event, 1, 0);
    say("watched before", to(fd, &open_address));
    int count = epoll_wait(epoll, &event, 1, 5000);
    printf("told: %d %llx\n", count, (unsigned long long)event.data.u64);
    close(fd);
    close(epoll);

    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
}

static void on_alarm(int number)
{
    handled++;
}

/// A connection that nobody answers, an alarm after `milliseconds`, and a time-out of the socket's own.
static void interrupted(const char *what, int flags, int milliseconds, int timeout)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
    handled = 0;
    int fd = stream(0);
    struct timeval patience = {timeout / 1000, timeout % 1000 * 1000};
    if (timeout)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct itimerval timer = {.it_value = {0, milliseconds * 1000}};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    setitimer(ITIMER_REAL, &timer, NULL);
    say(what, to(fd, &silent_address));
    long after = milliseconds_since(&start), first = milliseconds ? milliseconds : timeout;
    printf("  handled %d, %s\n", handled, after < first ? "early" : after < first + 1500 ? "in time" : "late");
    close(fd);
}

/// What becomes of a child that waits for a connection when a signal reaches it.
static void signalled(const char *what, int number, int flags)
{
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
        if (number == SIGUSR1)
            sigaction(number, &action, NULL);
        _exit(to(stream(0), &silent_address) < 0 ? 3 : 4);
    }
    usleep(400000);
    kill(child, number);
    usleep(600000);
    int status = 0;
    pid_t ended = waitpid(child, &status, WNOHANG | WUNTRACED);
    printf("%s: %d %x\n", what, ended == child, ended == child ? status & 0xff7f : 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

static void mistaken(void)
{
    int fd = stream(0), null = open("/dev/null", O_RDONLY);
    say("no memory", to(fd, (void *)8));
    say("no address", to(fd, NULL));
    say("length -1", connect(fd, (void *)&open_address, (socklen_t)-1));
    say("length 129", connect(fd, (void *)&open_address, 129));
    for (socklen_t count = 0; count < length; count++) {
        int other = stream(0);
        char what[32];
        snprintf(what, sizeof what, "length %u", count);
        say(what, connect(other, (void *)&open_address, count));
        close(other);
    }
    say("length 128", connect(stream(0), (void *)&open_address, 128));
    say("no descriptor", to(-1, &open_address));
    say("no descriptor and no memory", to(999, (void *)8));
    say("no descriptor and length -1", connect(999, (void *)&open_address, (socklen_t)-1));
    say("no socket", to(null, &open_address));
    say("no socket and no memory", to(null, (void *)8));
    say("only a path", to(open("/", O_PATH), &open_address));
    struct sockaddr_storage other = open_address;
    other.ss_family = open_address.ss_family == AF_INET ? AF_INET6 : AF_INET;
    say("another family", connect(fd, (void *)&other, sizeof(struct sockaddr_in6)));
    other.ss_family = AF_UNIX;
    say("a unix address", to(fd, &other));
    close(null);
    close(fd);
}

static int local(int type)
{
    return check(socket(AF_UNIX, type, 0), "socket");
}

static int named(int fd, const char *name, int abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + abstract, name, sizeof address.sun_path - 2);
    return connect(fd, (void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name)));
}

static int serve(const char *name, int abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + abstract, name, sizeof address.sun_path - 2);
    int fd = local(SOCK_STREAM);
    check(bind(fd, (void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name))),
          "bind");
    check(listen(fd, 0), "listen");
    return fd;
}

static void unix_sockets(void)
{
    char directory[] = "callsXXXXXX";
    if (!mkdtemp(directory))
        fail("mkdtemp");
    check(chdir(directory), "chdir");
    int server = serve("server", 0);
    say("a path", named(local(SOCK_STREAM), "server", 0));
    accept(server, NULL, NULL);
    say("a path with dots", named(local(SOCK_STREAM), "../././server/../server", 0));
    check(mkdir("inner", 0755), "mkdir");
    say("a path from above", named(local(SOCK_STREAM), "inner/../server", 0));
    accept(server, NULL, NULL);
    symlink("server", "link");
    say("a link", named(local(SOCK_STREAM), "link", 0));
    accept(server, NULL, NULL);
    symlink("loop", "loop");
    say("a loop", named(local(SOCK_STREAM), "loop", 0));
    say("another type", named(local(SOCK_SEQPACKET), "server", 0));
    say("no such path", named(local(SOCK_STREAM), "absent", 0));
    close(open("file", O_CREAT | O_WRONLY, 0644));
    say("a file", named(local(SOCK_STREAM), "file", 0));
    say("below a file", named(local(SOCK_STREAM), "file/absent", 0));
    rename("server", "moved");
    say("moved", named(local(SOCK_STREAM), "moved", 0));
    accept(server, NULL, NULL);

    say("filled", named(local(SOCK_STREAM), "moved", 0));
    say("full", named(local(SOCK_STREAM | SOCK_NONBLOCK), "moved", 0));
    int hurried = local(SOCK_STREAM);
    struct timeval patience = {0, 100000};
    setsockopt(hurried, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    say("full, with a time-out", named(hurried, "moved", 0));
    if (fork() == 0) {
        usleep(200000);
        accept(server, NULL, NULL);
        _exit(0);
    }
    say("full, waiting", named(local(SOCK_STREAM), "moved", 0));
    wait(NULL);

    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    getsockopt(accept(server, NULL, NULL), SOL_SOCKET, SO_PEERCRED, &peer, &size);
    printf("peer: %d %d\n", peer.uid == geteuid(), peer.gid == getegid());
    unlink("moved");
    unlink("file");
    unlink("link");
    unlink("loop");
    rmdir("inner");
    check(chdir(".."), "chdir");
    rmdir(directory);

    serve("calls", 1);
    say("an abstract name", named(local(SOCK_STREAM), "calls", 1));
    say("nobody's abstract name", named(local(SOCK_STREAM), "calls-nobody", 1));
    struct sockaddr_un empty = {.sun_family = AF_UNIX};
    say("no name", connect(local(SOCK_STREAM), (void *)&empty, 2));
    say("a name too long", connect(local(SOCK_STREAM), (void *)&empty, 111));
}

int main(int count, char **words)
{
    if (count != 5)
        return 2;
    length = parse_address(words[1], words[2], &open_address);
    parse_address(words[1], words[3], &closed_address);
    parse_address(words[1], words[4], &silent_address);
    ordinary();
    shared();
    interrupted("alarm", 0, 200, 0);
    interrupted("time-out", 0, 0, 300);
    interrupted("alarm before the time-out", SA_RESTART, 100, 3000);
    signal(SIGALRM, SIG_DFL);
    signalled("handler", SIGUSR1, 0);
    signalled("handler that restarts", SIGUSR1, SA_RESTART);
    signalled("no handler", SIGALRM, 0);
    signalled("a dump", SIGQUIT, 0);
    signalled("a stop", SIGSTOP, 0);
    mistaken();
    unix_sockets();
    return 0;
}
