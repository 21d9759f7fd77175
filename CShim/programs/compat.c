// SPDX-License-Identifier: Apache-2.0
//
// Enters the kernel by another door than the 64-bit one that filters usually watch.
// usage: compat int80|socketcall|x32 ADDRESS PORT   (IPv4; x86-64 only)
#include "program.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "these doors exist on x86-64 only"
#endif

static long int80(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static int result_of(long result, const char *what)
{
    if (result < 0) {
        errno = (int)-result;
        fail(what);
    }
    return (int)result;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    // The 32-bit doors take 32-bit pointers.
    struct {
        struct sockaddr_storage address;
        uint32_t arguments[3];
    } *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED)
        fail("mmap");
    socklen_t length = parse_address(argv[2], argv[3], &low->address);
    int fd;

    if (strcmp(argv[1], "int80") == 0) {
        fd = result_of(int80(359, AF_INET, SOCK_STREAM, 0), "socket");
        result_of(int80(362, fd, (long)&low->address, length), "connect");
    } else if (strcmp(argv[1], "socketcall") == 0) {
        memcpy(low->arguments, (uint32_t[]){AF_INET, SOCK_STREAM, 0}, 12);
        fd = result_of(int80(102, 1, (long)low->arguments, 0), "socketcall socket");
        memcpy(low->arguments, (uint32_t[]){(uint32_t)fd, (uint32_t)(size_t)&low->address, length}, 12);
        result_of(int80(102, 3, (long)low->arguments, 0), "socketcall connect");
    } else if (strcmp(argv[1], "x32") == 0) {
        const long x32 = 0x40000000;
        fd = check((int)syscall(x32 | SYS_socket, AF_INET, SOCK_STREAM, 0), "x32 socket");
        check((int)syscall(x32 | SYS_connect, fd, &low->address, length), "x32 connect");
    } else {
        return 2;
    }
    check((int)send(fd, "compat\n", 7, MSG_NOSIGNAL), "send");
    return 0;
}
