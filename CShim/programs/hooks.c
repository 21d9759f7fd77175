// SPDX-License-Identifier: Apache-2.0
//
// The victim of the preload library's tests. usage: hooks WHAT [HOST ADDRESS PORT]
// Prints a line for each thing it tried. Statuses: 0, and 1 for a broken expectation of its own.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/// glibc exports it, and declares it nowhere.
extern int __connect(int, const struct sockaddr *, socklen_t);

static const char *host = "denied.example";
static struct sockaddr_in target;
static int before_main = -1;

static void set_target(const char *address, int port)
{
    target.sin_family = AF_INET;
    target.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, address, &target.sin_addr);
}

/// The errno of a connection attempt, 0 when it succeeds.
static int attempt(void)
{
    int socket_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    errno = 0;
    int result = connect(socket_descriptor, (struct sockaddr *)&target, sizeof target);
    int error = result == 0 ? 0 : errno;
    close(socket_descriptor);
    return error;
}

__attribute__((constructor)) static void connect_early(void)
{
    if (getenv("CONNECT_EARLY") == NULL)
        return;
    set_target("185.199.108.153", 80);
    before_main = attempt();
}

static void connect_late(void)
{
    char text[] = "at exit: EACCES\n";
    if (attempt() == EACCES)
        write(STDOUT_FILENO, text, sizeof text - 1);
}

__attribute__((destructor)) static void connect_last(void)
{
    char text[] = "in a destructor: EACCES\n";
    if (getenv("CONNECT_LATE") != NULL && attempt() == EACCES)
        write(STDOUT_FILENO, text, sizeof text - 1);
}

/// What became of a call, whose errno is read after it.
#define SAY(what, call)                                                                                                \
    do {                                                                                                               \
        long result = (call);                                                                                          \
        printf("%s: %s\n", what, result >= 0 ? "ok" : strerrorname_np(errno));                                         \
    } while (0)

/// What became of a look-up, whose error is read after it.
#define SAY_NAME(what, is_found, error)                                                                                \
    do {                                                                                                               \
        int found = (is_found);                                                                                        \
        printf("%s: %s\n", what, found ? "ok" : (error) == HOST_NOT_FOUND ? "HOST_NOT_FOUND" : "another error");       \
    } while (0)

/// Every hook that names an address, on sockets of its kind.
static void addresses(void)
{
    struct sockaddr *address = (struct sockaddr *)&target;
    socklen_t length = sizeof target;
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct mmsghdr messages[2] = {{.msg_hdr = {address, length, &part, 1, NULL, 0, 0}},
                                  {.msg_hdr = {address, length, &part, 1, NULL, 0, 0}}};
    int stream, datagram = socket(AF_INET, SOCK_DGRAM, 0);
#define TCP (stream = socket(AF_INET, SOCK_STREAM, 0))
    SAY("connect", connect(TCP, address, length));
    SAY("connect udp", connect(socket(AF_INET, SOCK_DGRAM, 0), address, length));
    SAY("sendto", sendto(datagram, &byte, 1, 0, address, length));
    SAY("sendto fastopen", sendto(TCP, &byte, 1, MSG_FASTOPEN, address, length));
    SAY("sendmsg", sendmsg(datagram, &messages[0].msg_hdr, 0));
    SAY("sendmmsg", sendmmsg(datagram, messages, 2, 0));
    SAY("syscall connect", syscall(SYS_connect, TCP, address, length));
    SAY("syscall sendto", syscall(SYS_sendto, datagram, &byte, 1L, 0L, address, (long)length));
    SAY("syscall sendmsg", syscall(SYS_sendmsg, datagram, &messages[0].msg_hdr, 0L));
    SAY("syscall sendmmsg", syscall(SYS_sendmmsg, datagram, messages, 2L, 0L));
    struct sockaddr_in unspecified = target;
    unspecified.sin_family = AF_UNSPEC;
    struct sockaddr_storage vsock = {.ss_family = AF_VSOCK};
    SAY("another family", connect(TCP, (struct sockaddr *)&vsock, sizeof vsock));
    SAY("__connect", __connect(TCP, address, length));
    SAY("sendto unspecified", sendto(datagram, &byte, 1, 0, (struct sockaddr *)&unspecified, length));
}

/// Every hook that looks a name up.
static void names(void)
{
    struct addrinfo *list;
    struct hostent entry, *result = NULL;
    char buffer[8192];
    unsigned char answer[4096], query[512];
    int error = 0;
    int code = getaddrinfo(host, "80", NULL, &list);
    printf("getaddrinfo: %s\n", code == 0 ? "ok" : code == EAI_NONAME ? "EAI_NONAME" : gai_strerror(code));
    SAY_NAME("gethostbyname", gethostbyname(host) != NULL, h_errno);
    SAY_NAME("gethostbyname2", gethostbyname2(host, AF_INET) != NULL, h_errno);
    code = gethostbyname_r(host, &entry, buffer, sizeof buffer, &result, &error);
    SAY_NAME("gethostbyname_r", code == 0 && result != NULL, error);
    code = gethostbyname2_r(host, AF_INET, &entry, buffer, sizeof buffer, &result, &error);
    SAY_NAME("gethostbyname2_r", code == 0 && result != NULL, error);
    SAY_NAME("res_query", res_query(host, C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    SAY_NAME("res_search", res_search(host, C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    SAY_NAME("res_querydomain", res_querydomain(host, "", C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    int length = res_mkquery(QUERY, host, C_IN, T_A, NULL, 0, NULL, query, sizeof query);
    SAY_NAME("res_send", res_send(query, length, answer, sizeof answer) > 0, h_errno);
    struct __res_state state;
    memset(&state, 0, sizeof state);
    res_ninit(&state);
    SAY_NAME("res_nquery", res_nquery(&state, host, C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    SAY_NAME("res_nsearch", res_nsearch(&state, host, C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    SAY_NAME("res_nquerydomain", res_nquerydomain(&state, host, "", C_IN, T_A, answer, sizeof answer) > 0, h_errno);
    SAY_NAME("res_nsend", res_nsend(&state, query, length, answer, sizeof answer) > 0, h_errno);
}

/// What the kernel says about calls that name no destination; the hooks must not say anything else.
static void mistakes(void)
{
    struct sockaddr *address = (struct sockaddr *)&target;
    int stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"};
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    SAY("bad descriptor", connect(-1, address, sizeof target));
    SAY("no socket", connect(open("/dev/null", O_RDONLY), address, sizeof target));
    SAY("short address", connect(stream, address, 4));
    SAY("empty address", connect(stream, address, 0));
    SAY("huge address", connect(stream, address, 4096));
    SAY("null address", connect(stream, NULL, sizeof target));
    SAY("unix socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&path, sizeof path));
    SAY("disconnect", connect(datagram, &nothing, sizeof nothing));
    SAY("not connected", send(datagram, "x", 1, 0));
    SAY("null message", sendmsg(datagram, NULL, 0));
    SAY("no messages", sendmmsg(datagram, NULL, 0, 0));
}

static void *connect_often(void *count)
{
    for (long i = 0; i < (long)count; i++) {
        if (attempt() != EACCES)
            return (void *)1;
    }
    return NULL;
}

static int run_threads(pthread_t *threads, int count, long each)
{
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, connect_often, (void *)each);
    return count;
}

static int join(pthread_t *threads, int count)
{
    int failures = 0;
    for (int i = 0; i < count; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failures += result != NULL;
    }
    return failures;
}

static int many_threads(void)
{
    pthread_t threads[32];
    int count = run_threads(threads, 32, 500);
    return join(threads, count);
}

/// Forks while other threads are inside of the hooks; each child asks at once.
static int many_forks(void)
{
    pthread_t threads[4];
    run_threads(threads, 4, 4000);
    int failures = 0;
    for (int i = 0; i < 300; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(attempt() == EACCES ? 0 : 1);
        int status = 1;
        waitpid(child, &status, 0);
        failures += status != 0;
    }
    return failures + join(threads, 4);
}

static volatile sig_atomic_t handled, mishandled;

static void on_signal(int number)
{
    int saved = errno;
    handled++;
    mishandled += attempt() != EACCES;
    errno = saved;
}

/// A handler connects while the program is anywhere, inside of a hook as well.
static int signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 300}, {0, 300}};
    setitimer(ITIMER_REAL, &often, NULL);
    int failures = 0;
    while (handled < 500)
        failures += attempt() != EACCES;
    return failures + mishandled;
}

/// Asks after every descriptor was closed, standard error included.
static int closed(void)
{
    close_range(0, ~0U, 0);
    return attempt() == EACCES ? 0 : 1;
}

/// A file of the program's own has taken the number of standard error.
static int reused(void)
{
    char path[] = "/tmp/hooks.XXXXXX";
    int file = mkstemp(path);
    unlink(path);
    close(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    int error = attempt();
    return error == EACCES && lseek(file, 0, SEEK_END) == 0 ? 0 : 1;
}

/// Standard error is a pipe that nobody reads: the line must end neither the program nor a system call.
static int broken_pipe(void)
{
    return attempt() == EACCES ? 0 : 1;
}

static int moved(void)
{
    clearenv();
    if (chdir("/") != 0)
        return 1;
    return attempt() == EACCES ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    host = argc > 2 ? argv[2] : host;
    set_target(argc > 3 ? argv[3] : "185.199.108.153", argc > 4 ? atoi(argv[4]) : 80);
    if (strcmp(what, "addresses") == 0)
        return addresses(), 0;
    if (strcmp(what, "names") == 0)
        return names(), 0;
    if (strcmp(what, "mistakes") == 0)
        return mistakes(), 0;
    if (strcmp(what, "early") == 0)
        return printf("before main: %s\n", strerrorname_np(before_main)) < 0;
    if (strcmp(what, "late") == 0)
        return atexit(connect_late);
    const struct {
        const char *name;
        int (*run)(void);
    } runs[] = {{"threads", many_threads}, {"forks", many_forks}, {"signals", signals}, {"closed", closed},
                {"reused", reused},        {"pipe", broken_pipe}, {"moved", moved}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (strcmp(what, runs[i].name) == 0)
            return runs[i].run() == 0 ? 0 : 1;
    }
    return 2;
}
