// SPDX-License-Identifier: Apache-2.0
//
// A web client on nothing but the C library: resolves, connects to each address in turn, prints the answer.
// usage: fetch HOST PORT [PATH]
#include "program.h"

#include <netdb.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

    if (argc < 3) {
        fprintf(stderr, "usage: fetch HOST PORT [PATH]\n");
        return 2;
    }
    int code = getaddrinfo(argv[1], argv[2], &hints, &found);
    if (code != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(code));
        return 1;
    }
    int fd = -1;
    for (struct addrinfo *each = found; each != NULL && fd < 0; each = each->ai_next) {
        fd = check(socket(each->ai_family, SOCK_STREAM, 0), "socket");
        if (connect(fd, each->ai_addr, each->ai_addrlen) < 0) {
            fprintf(stderr, "connect: %s\n", error_name(errno));
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd < 0)
        return 1;
    dprintf(fd, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argc > 3 ? argv[3] : "/", argv[1]);

    char buffer[4096];
    ssize_t size;
    while ((size = check((int)recv(fd, buffer, sizeof buffer, 0), "recv")) > 0)
        fwrite(buffer, 1, (size_t)size, stdout);
    return 0;
}
