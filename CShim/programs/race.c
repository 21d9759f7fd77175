// SPDX-License-Identifier: Apache-2.0
//
// Rewrites the address while connect() reads it, hoping that one address is judged and another one used.
// usage: race ALLOWED DENIED PORT   (bounded: 300 connects)
#include "program.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static struct sockaddr_storage allowed, denied, shared;
static socklen_t length;
static atomic_int done;

static void *rewrite(void *unused)
{
    while (!atomic_load(&done)) {
        memcpy(&shared, &denied, length);
        memcpy(&shared, &allowed, length);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t writer;

    if (argc < 4)
        return 2;
    length = parse_address(argv[1], argv[3], &allowed);
    parse_address(argv[2], argv[3], &denied);
    shared = allowed;
    if (pthread_create(&writer, NULL, rewrite, NULL) != 0)
        return 3;
    for (int i = 0; i < 300; i++) {
        int fd = check(socket(allowed.ss_family, SOCK_STREAM, 0), "socket");
        if (connect(fd, (struct sockaddr *)&shared, length) == 0 && send(fd, "race\n", 5, MSG_NOSIGNAL) < 0)
            perror("send");
        close(fd);
    }
    atomic_store(&done, 1);
    pthread_join(writer, NULL);
    return 0;
}
