// SPDX-License-Identifier: Apache-2.0
//
// Connects and sends through io_uring, whose operations no seccomp filter sees.
// usage: uring ADDRESS PORT | uring hand-over COMMAND...
//
// With hand-over, the command gets a ring that was made before it, as descriptor 7; it is told by RING.
#include "program.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ring;
static struct io_uring_params setup;
static struct io_uring_sqe *entries;
static char *submissions, *completions;

/// Performs one operation and returns its result.
static int perform(struct io_uring_sqe entry)
{
    unsigned *tail = (unsigned *)(void *)(submissions + setup.sq_off.tail);
    unsigned mask = *(unsigned *)(void *)(submissions + setup.sq_off.ring_mask);
    unsigned *array = (unsigned *)(void *)(submissions + setup.sq_off.array);
    unsigned *head = (unsigned *)(void *)(completions + setup.cq_off.head);
    struct io_uring_cqe *results = (struct io_uring_cqe *)(void *)(completions + setup.cq_off.cqes);
    unsigned slot = *tail & mask;

    entries[slot] = entry;
    array[slot] = slot;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    check((int)syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), "io_uring_enter");
    int result = results[*head & *(unsigned *)(void *)(completions + setup.cq_off.ring_mask)].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    if (result < 0) {
        errno = -result;
        fail("operation");
    }
    return result;
}

static void *map(size_t size, off_t what)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);

    if (at == MAP_FAILED)
        fail("mmap");
    return at;
}

static void hand_over(char **command)
{
    static char text[2 * sizeof setup + 1];

    check(dup2(ring, 7), "dup2");
    for (size_t i = 0; i < sizeof setup; i++)
        snprintf(text + 2 * i, 3, "%02x", ((unsigned char *)&setup)[i]);
    setenv("RING", text, 1);
    execvp(command[0], command);
    fail(command[0]);
}

/// The ring that was handed over, or a new one.
static void open_ring(void)
{
    const char *text = getenv("RING");

    if (!text) {
        ring = check((int)syscall(SYS_io_uring_setup, 4, &setup), "io_uring_setup");
        return;
    }
    ring = 7;
    for (size_t i = 0; i < sizeof setup && sscanf(text + 2 * i, "%2hhx", (unsigned char *)&setup + i) == 1; i++)
        ;
}

int main(int argc, char **argv)
{
    struct sockaddr_storage address;

    if (argc < 3)
        return 2;
    open_ring();
    if (strcmp(argv[1], "hand-over") == 0)
        hand_over(argv + 2);
    socklen_t length = parse_address(argv[1], argv[2], &address);
    submissions = map(setup.sq_off.array + setup.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    completions = map(setup.cq_off.cqes + setup.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
    entries = map(setup.sq_entries * sizeof *entries, IORING_OFF_SQES);

    int fd = perform((struct io_uring_sqe){
        .opcode = IORING_OP_SOCKET, .fd = address.ss_family, .off = SOCK_STREAM});
    perform((struct io_uring_sqe){
        .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (size_t)&address, .off = length});
    perform((struct io_uring_sqe){.opcode = IORING_OP_SEND, .fd = fd, .addr = (size_t)"uring\n", .len = 6});
    return 0;
}
