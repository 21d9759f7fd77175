// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// Every connect(2) of the worker waits for an answer of the supervisor's (seccomp_unotify(2)). Its address lies in the
// worker's memory, and a unix socket's path in a file system; to look at either can take for ever: a page may be one that a
// FUSE server has yet to fill, and not even SIGKILL ends that wait. So the supervisor looks only at what can't wait: pages
// that are there, names that the kernel has in its cache. All else it leaves to a reader, a process that can be spared (see
// `reader.c`):
//
//   worker             supervisor                      reader
//   connect ---------->| NOTIF_RECV
//                      | at hand: copies the address,
//                      |   opens the path
//                      | else: send(call) ------------>| mailbox.id = id, timer on
//                      |                               | copies, opens
//                      |                               | timer off, mailbox.id = 0
//                      |<------------------------------| sendmsg(notice)
//                      | judges, connects the pinned socket
//   <------------------| NOTIF_SEND
//
// The timer is a timerfd that both hold: when it expires the supervisor kills the reader, refuses the call that the
// mailbox names, and starts another reader. It does not wait for the first one's end, which a FUSE server can put off.
//
// Should: copy everything once; the supervisor decides and acts on the copy alone.
// Mustn't: allocate or lock; the reader is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAXIMUM_PAGES = 2 };

/// Whether pages of a task are there, of /proc/TASK/pagemap (bit 63).
static int are_mapped(uint32_t task, uint64_t first, uint64_t count)
{
    uint64_t pages[MAXIMUM_PAGES];
    char path[32];
    egress_proc_path(path, task, "pagemap");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = pread(fd, pages, count * sizeof *pages, (off_t)(first * sizeof *pages));
    close(fd);
    if (size != (ssize_t)(count * sizeof *pages))
        return 0;
    for (uint64_t i = 0; i < count; i++)
        if (pages[i] >> 63 == 0)
            return 0;
    return 1;
}

/// True if these bytes of a task lie in pages that are there: reading them waits for nobody. Another page may have to come
/// from a FUSE server.
static int is_at_hand(uint32_t task, uint64_t pointer, uint64_t length)
{
    const uint64_t size_of_page = (uint64_t)getpagesize(); // 64 KiB on some arm64 kernels
    uint64_t first = pointer / size_of_page, count = (pointer + length - 1) / size_of_page - first + 1;
    if (pointer > UINT64_MAX - length || count > MAXIMUM_PAGES)
        return 0;
    uint64_t pages[MAXIMUM_PAGES];
    int nodes[MAXIMUM_PAGES];
    for (uint64_t i = 0; i < count; i++)
        pages[i] = (first + i) * size_of_page;
    // Without nodes to move to it tells where the pages are, in a quarter of the time that the file takes. Kernels for
    // one node don't have it, and containers may forbid it.
    if (syscall(SYS_move_pages, task, count, pages, NULL, nodes, 0) < 0)
        return are_mapped(task, first, count);
    for (uint64_t i = 0; i < count; i++)
        if (nodes[i] < 0)
            return 0;
    return 1;
}

/// As the kernel's move_addr_to_kernel(): EINVAL for a length that no address has, EFAULT for memory that isn't there.
static int read_address(struct egress_notice *notice, uint64_t pointer)
{
    if (notice->length < 0 || notice->length > (int)sizeof notice->address)
        return EINVAL;
    if (notice->length == 0)
        return 0;
    struct iovec ours = {notice->address, (size_t)notice->length};
    struct iovec theirs = {(void *)(uintptr_t)pointer, (size_t)notice->length};
    ssize_t count = process_vm_readv((pid_t)notice->task, &ours, 1, &theirs, 1, 0);
    if (count == notice->length)
        return 0;
    return count < 0 ? errno : EFAULT;
}

/// openat2(2) with O_PATH, of a path as `identity` may walk it.
static int open_in(const char *directory, const char *path, uint64_t resolve, const struct egress_identity *identity)
{
    int base = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return -1;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    int other = egress_become(identity);
    int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
    int saved = errno;
    if (other)
        egress_become_root();
    close(base);
    errno = saved;
    return fd;
}

/// Opens (O_PATH) what a path is to a task: in its root, from its working directory. -1 with errno.
static int open_path(uint32_t task, const char *path, uint64_t resolve, struct egress_identity *identity)
{
    char root[32], directory[32];
    if (geteuid() == 0 && egress_identify(task, identity) < 0)
        return -1;
    egress_proc_path(root, task, "root");
    if (path[0] == '/')
        return open_in(root, path, resolve | RESOLVE_IN_ROOT, identity);
    egress_proc_path(directory, task, "cwd");
    int fd = open_in(directory, path, resolve | RESOLVE_BENEATH, identity);
    if (fd >= 0 || errno != EXDEV)
        return fd;
    // It leads above the working directory: the same from the root, by the directory's name there.
    char whole[4096 + sizeof(struct sockaddr_un)];
    ssize_t length = readlink(directory, whole, 4096);
    if (length < 0 || length >= 4096)
        return -1;
    whole[length] = '/';
    strcpy(whole + length + 1, path);
    return open_in(root, whole, resolve | RESOLVE_IN_ROOT, identity);
}

/// The path of an AF_UNIX address, NUL-terminated, if it has one and the kernel would take it.
static int unix_path(const struct egress_notice *notice, char *path)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    sa_family_t family;
    memcpy(&family, notice->address, sizeof family);
    if (notice->length <= (int)start || notice->length > (int)sizeof(struct sockaddr_un) || family != AF_UNIX ||
        notice->address[start] == 0)
        return 0;
    memcpy(path, notice->address + start, (size_t)notice->length - start);
    path[(size_t)notice->length - start] = 0;
    return 1;
}

/// The call without what its caller's memory holds.
static void begin(const struct egress_call *call, struct egress_notice *notice, int *descriptor)
{
    memset(notice, 0, sizeof *notice);
    notice->id = call->id;
    notice->task = call->task;
    notice->descriptor = call->descriptor;
    notice->length = call->length;
    notice->path_error = -1;
    *descriptor = -1;
}

static void find_path(struct egress_notice *notice, uint64_t resolve, int *descriptor)
{
    char path[sizeof(struct sockaddr_un) + 1];
    if (notice->error != 0 || !unix_path(notice, path))
        return;
    *descriptor = open_path(notice->task, path, resolve, &notice->identity);
    notice->path_error = *descriptor < 0 ? errno : 0;
}

int egress_call_look(const struct egress_call *call, struct egress_notice *notice, int *descriptor)
{
    begin(call, notice, descriptor);
    uint64_t length = call->length > 0 && (size_t)call->length <= sizeof notice->address ? (uint64_t)call->length : 0;
    if (length > 0 && !is_at_hand(call->task, call->pointer, length))
        return 0;
    notice->error = read_address(notice, call->pointer);
    find_path(notice, RESOLVE_CACHED, descriptor);
    return notice->path_error != EAGAIN;
}

void egress_call_read(const struct egress_call *call, struct egress_notice *notice, int *descriptor, int identifies)
{
    begin(call, notice, descriptor);
    if (identifies)
        egress_identify_caller(notice);
    notice->error = read_address(notice, call->pointer);
    find_path(notice, 0, descriptor);
}
