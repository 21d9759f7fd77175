// SPDX-License-Identifier: Apache-2.0
//
// Connects to a unix socket by its whole path and by its name, from two threads each, for two seconds: two processes of
// `egress-run` then look at one file at the same time.
//
//   twoways DIRECTORY NAME      exits with 0 once it has connected, and said hello

#include "program.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *directory, *name;

static void *connect_again_and_again(void *relative)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s%s%s", relative ? "" : directory, relative ? "" : "/", name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const time_t end = time(NULL) + 2;
    while (time(NULL) < end)
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && write(fd, "hello", 5) == 5)
            exit(0);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 3 || chdir(arguments[1]) < 0)
        return 2;
    directory = arguments[1];
    name = arguments[2];
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, connect_again_and_again, (void *)(i & 1)) != 0)
            return 2;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 1;
}
