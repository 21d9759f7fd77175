// SPDX-License-Identifier: Apache-2.0
//
// Sends datagrams to a unix socket by its path, in each way that can name it, or while what was looked at is replaced.
//
// usage: datagrams sendto|sendmsg|sendmmsg|name|descriptor VICTIM   in a directory that can be written to
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROUNDS = 1500, USED = 100 };

static atomic_int done;
static struct sockaddr_un victim = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX}, shared;
static int datagrams, streams;

static ssize_t by_sendto(int fd, const struct sockaddr_un *name)
{
    return sendto(fd, "to\n", 3, MSG_DONTWAIT | MSG_NOSIGNAL, (const void *)name, sizeof *name);
}

static struct msghdr message(const struct sockaddr_un *name)
{
    static struct iovec part = {"msg\n", 4};

    return (struct msghdr){.msg_name = (void *)name, .msg_namelen = sizeof *name, .msg_iov = &part, .msg_iovlen = 1};
}

static ssize_t by_sendmsg(int fd, const struct sockaddr_un *name)
{
    struct msghdr one = message(name);

    return sendmsg(fd, &one, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t by_sendmmsg(int fd, const struct sockaddr_un *name)
{
    struct mmsghdr two[2] = {{.msg_hdr = message(&own)}, {.msg_hdr = message(name)}};
    int sent = sendmmsg(fd, two, 2, MSG_DONTWAIT | MSG_NOSIGNAL);

    // The first goes to ourselves; only the second counts.
    return sent == 1 ? sendmmsg(fd, two + 1, 1, MSG_DONTWAIT | MSG_NOSIGNAL) : sent == 2 ? 4 : -1;
}

static void *swap_names(void *unused)
{
    while (!atomic_load(&done)) {
        memcpy(shared.sun_path, own.sun_path, sizeof shared.sun_path);
        memcpy(shared.sun_path, victim.sun_path, sizeof shared.sun_path);
    }
    return unused;
}

static void *swap_descriptors(void *unused)
{
    while (!atomic_load(&done)) {
        dup2(streams, USED);
        dup2(datagrams, USED);
    }
    return unused;
}

/// Sends in every way while a thread replaces something.
static void race(void *(*swap)(void *), int fd, const struct sockaddr_un *name, int receiver)
{
    pthread_t thread;
    char drained[16];

    check(pthread_create(&thread, NULL, swap, NULL), "pthread_create");
    for (int i = 0; i < ROUNDS; i++) {
        by_sendto(fd, name);
        by_sendmsg(fd, name);
        by_sendmmsg(fd, name);
        while (recv(receiver, drained, sizeof drained, MSG_DONTWAIT) > 0)
            ;
    }
    atomic_store(&done, 1);
    pthread_join(thread, NULL);
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        ssize_t (*send)(int, const struct sockaddr_un *);
    } ways[] = {{"sendto", by_sendto}, {"sendmsg", by_sendmsg}, {"sendmmsg", by_sendmmsg}};
    char directory[] = "/tmp/datagramsXXXXXX";

    if (count != 3 || strlen(words[2]) >= sizeof victim.sun_path || !mkdtemp(directory))
        return 2;
    strcpy(victim.sun_path, words[2]);
    snprintf(own.sun_path, sizeof own.sun_path, "%s/own", directory);
    shared = own;
    int receiver = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
    check(bind(receiver, (void *)&own, sizeof own), "bind");
    datagrams = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
    streams = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    check(dup2(datagrams, USED), "dup2");

    ssize_t result = -1;
    if (strcmp(words[1], "name") == 0)
        race(swap_names, datagrams, &shared, receiver);
    else if (strcmp(words[1], "descriptor") == 0)
        race(swap_descriptors, USED, &victim, receiver);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(words[1], ways[i].name) == 0)
            result = ways[i].send(datagrams, &victim);
    int code = errno;
    unlink(own.sun_path);
    rmdir(directory);
    errno = code;
    if (result < 0 && !atomic_load(&done))
        fail(words[1]);
    return 0;
}
