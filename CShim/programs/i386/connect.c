// SPDX-License-Identifier: Apache-2.0
//
// A 32-bit program without a library: connects to the canary at 185.199.108.153:4444 and sends a line.
static int call(int number, int a, int b, int c)
{
    int result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

void _start(void)
{
    // struct sockaddr_in, in network order
    static const unsigned char address[16] = {2, 0, 4444 >> 8, 4444 & 255, 185, 199, 108, 153};
    int fd = call(359, 2, 1, 0), result = call(362, fd, (int)address, sizeof address);

    if (result == 0)
        result = call(4, fd, (int)"i386\n", 5) != 5;
    call(1, result != 0, 0, 0);
    // Where even exit is refused.
    __builtin_trap();
}
