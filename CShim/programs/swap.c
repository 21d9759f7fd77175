// SPDX-License-Identifier: Apache-2.0
//
// Changes what connect() names while it is being judged, in the hope that one thing is judged and another one used.
// usage: swap descriptor ADDRESS PORT UNIX-PATH | swap link UNIX-PATH   (bounded: 300 rounds in some 300 ms)
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/un.h>
#include <unistd.h>

enum { INET = 100, LOCAL = 101, USED = 102, ROUNDS = 300 };

static atomic_int done;
static struct sockaddr_un victim = {.sun_family = AF_UNIX}, link_name = {.sun_family = AF_UNIX, .sun_path = "link"};

static void *swap_descriptors(void *unused)
{
    while (!atomic_load(&done)) {
        dup2(INET, USED);
        dup2(LOCAL, USED);
    }
    return unused;
}

/// Puts a new socket in the place of a descriptor.
static void renew(int place, int family)
{
    int fd = check(socket(family, SOCK_STREAM, 0), "socket");

    check(dup2(fd, place), "dup2");
    close(fd);
}

static void race_descriptors(const char *address, const char *port)
{
    struct sockaddr_storage target;
    socklen_t length = parse_address(address, port, &target);

    for (int i = 0; i < ROUNDS; i++) {
        usleep(1000);
        renew(INET, target.ss_family);
        renew(LOCAL, AF_UNIX);
        connect(USED, (struct sockaddr *)&target, length);
        connect(USED, (struct sockaddr *)&victim, sizeof victim);
        send(INET, "swap\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
        send(LOCAL, "swap\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void *swap_links(void *unused)
{
    while (!atomic_load(&done)) {
        if (symlink("own", "next") == 0)
            rename("next", link_name.sun_path);
        if (symlink(victim.sun_path, "next") == 0)
            rename("next", link_name.sun_path);
    }
    return unused;
}

static void race_links(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        int fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
        usleep(1000);
        if (connect(fd, (struct sockaddr *)&link_name, sizeof link_name) == 0)
            send(fd, "swap\n", 5, MSG_NOSIGNAL);
        close(fd);
    }
}

static char directory[] = "/tmp/swapXXXXXX";

/// A server that the link may lead to, in a new directory.
static void serve(void)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX, .sun_path = "own"};
    int server = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

    if (!mkdtemp(directory))
        fail("mkdtemp");
    check(chdir(directory), "chdir");
    check(bind(server, (struct sockaddr *)&own, sizeof own), "bind");
    check(listen(server, 2 * ROUNDS), "listen");
}

int main(int argc, char **argv)
{
    pthread_t swapper;
    int descriptors = argc == 5;

    if (argc != 3 && argc != 5)
        return 2;
    strncpy(victim.sun_path, argv[argc - 1], sizeof victim.sun_path - 1);
    if (descriptors) {
        renew(INET, AF_INET);
        renew(LOCAL, AF_UNIX);
    } else {
        serve();
    }
    if (pthread_create(&swapper, NULL, descriptors ? swap_descriptors : swap_links, NULL) != 0)
        return 3;
    if (descriptors)
        race_descriptors(argv[2], argv[3]);
    else
        race_links();
    atomic_store(&done, 1);
    pthread_join(swapper, NULL);
    if (!descriptors) {
        unlink("own");
        unlink("next");
        unlink(link_name.sun_path);
        rmdir(directory);
    }
    return 0;
}
