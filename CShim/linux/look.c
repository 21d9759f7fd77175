// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// Every connect(2) and bind(2) of the worker waits for an answer of the supervisor's (seccomp_unotify(2)). Its address lies in the
// worker's memory, and a unix socket's path in a file system; to look at either can take for ever: a page may be one that a
// FUSE server has yet to fill, and not even SIGKILL ends that wait. So the supervisor looks only at what can't wait: pages
// that are there, names that the kernel has in its cache, of file systems that answer by themselves. All else it leaves to a reader, a process that can be spared (see
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
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
    long result = syscall(SYS_move_pages, task, count, pages, NULL, nodes, 0);
    if (result < 0 && errno == EPERM && egress_trace_begin()) {
        result = syscall(SYS_move_pages, task, count, pages, NULL, nodes, 0);
        egress_trace_end();
    }
    if (result < 0)
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
    ssize_t count = egress_read_memory(notice->task, &ours, &theirs, 1);
    if (count == notice->length)
        return 0;
    return count < 0 ? errno : EFAULT;
}

/// openat2(2) with O_PATH, of a path as `identity` may walk it.
static int open_in(int base, const char *path, uint64_t resolve, const struct egress_identity *identity)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
    int other = egress_become(identity);
    int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
    int saved = errno;
    if (other)
        egress_become_root();
    errno = saved;
    return fd;
}

/// Opens (O_PATH) what a path is to a task. -1 with errno.
static int open_as_seen(const struct egress_notice *notice, const char *path)
{
    int error = egress_view_enter(notice->task);
    if (error) {
        errno = error;
        return -1;
    }
    int fd = open_in(AT_FDCWD, path, 0, &notice->identity), saved = errno;
    egress_view_leave();
    errno = saved;
    return fd;
}

/// The root directory of a task that has that of its mount namespace, of which there is one; else -1.
static int root_at_hand(uint32_t task)
{
    static int common = -1;
    char target[2];
    if (egress_task_link(task, "root", target, sizeof target) != 1)
        return -1;
    if (common < 0)
        common = egress_task_directory(task, "root");
    return common;
}

/// What is known of the file without asking its file system.
static void look_at_mount(struct egress_notice *notice, int descriptor)
{
    struct statx status;
    // What can't be told is taken for a socket that has to be asked about.
    notice->is_slow = notice->is_socket = 1;
    if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &status) < 0)
        return;
    notice->is_socket = (status.stx_mode & S_IFMT) == S_IFSOCK;
    notice->is_slow = !(status.stx_mask & STATX_MNT_ID) || !egress_is_local_mount(status.stx_mnt_id);
}

/// Whose file it is; that its file system may have to be asked.
static void find_in_sets(struct egress_notice *notice, int descriptor)
{
    if (!notice->is_socket)
        return;
    notice->is_inside = egress_is_inside(descriptor);
    notice->named = egress_named_find(descriptor);
    // Who may not write to it is told so, whoever listens (unix(7)).
    if (!notice->is_inside && notice->named < 0)
        notice->is_locked = faccessat(descriptor, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) < 0;
}

void egress_look_at_file(struct egress_notice *notice, int descriptor)
{
    notice->named = -1;
    look_at_mount(notice, descriptor);
    if (!notice->is_slow)
        find_in_sets(notice, descriptor);
}

int egress_file_status(int descriptor, struct egress_file *file)
{
    struct statx status;
    unsigned wanted = STATX_TYPE | STATX_INO | STATX_NLINK | STATX_MNT_ID;
    if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, &status) < 0)
        return -1;
    file->device = makedev(status.stx_dev_major, status.stx_dev_minor);
    file->inode = status.stx_ino;
    file->links = status.stx_nlink;
    file->mount = status.stx_mnt_id;
    file->mode = status.stx_mode;
    file->major = status.stx_rdev_major;
    file->minor = status.stx_rdev_minor;
    return 0;
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
    notice->path_error = notice->named = -1;
    *descriptor = -1;
}

int egress_path_as_seen(const struct egress_notice *notice, char *path)
{
    static const char own[] = "/proc/self", descriptors[] = "/dev/fd";
    char given[sizeof(struct sockaddr_un) + 1];
    struct egress_task_status status;
    if (!unix_path(notice, given))
        return 0;
    if (memcmp(given, descriptors, sizeof descriptors - 1) == 0 && given[sizeof descriptors - 1] == '/' &&
        egress_task_status_read((pid_t)notice->task, &status) == 0) {
        egress_proc_path(path, status.inner_process, given + sizeof "/dev/" - 1);
        return 1;
    }
    const char *rest = given + sizeof own - 1;
    if (memcmp(given, own, sizeof own - 1) != 0 || (*rest != '/' && *rest != 0) ||
        egress_task_status_read((pid_t)notice->task, &status) < 0) {
        strcpy(path, given);
        return 1;
    }
    egress_proc_path(path, status.inner_process, rest + (*rest == '/'));
    return 1;
}

/// Who walks the path, if we are root; -1 with errno.
static int identify(struct egress_notice *notice)
{
    return geteuid() == 0 ? egress_identify(notice->task, &notice->identity) : 0;
}

/// The same as `egress_call_find` without asking any file system; false if that can't be done.
static int find_at_hand(struct egress_notice *notice, int *descriptor)
{
    char path[sizeof(struct sockaddr_un) + 1];
    if (notice->error != 0 || !unix_path(notice, path))
        return 1;
    // In /proc it would be looked at from our process.
    int is_plain = path[0] == '/' && memcmp(path, "/proc/", 6) != 0 && memcmp(path, "/dev/fd/", 8) != 0;
    int root = is_plain && egress_knows_mounts() ? root_at_hand(notice->task) : -1;
    if (root < 0 || identify(notice) < 0)
        return 0;
    *descriptor = open_in(root, path, RESOLVE_IN_ROOT | RESOLVE_CACHED, &notice->identity);
    notice->path_error = *descriptor < 0 ? errno : 0;
    // A link of /proc (ELOOP, EXDEV) is the reader's to follow.
    if (*descriptor < 0)
        return notice->path_error != EAGAIN && notice->path_error != ELOOP && notice->path_error != EXDEV;
    look_at_mount(notice, *descriptor);
    // Whose it is the supervisor asks when it judges.
    if (!notice->is_slow)
        return 1;
    close(*descriptor);
    *descriptor = -1;
    return 0;
}

int egress_call_look(const struct egress_call *call, struct egress_notice *notice, int *descriptor)
{
    begin(call, notice, descriptor);
    uint64_t length = call->length > 0 && (size_t)call->length <= sizeof notice->address ? (uint64_t)call->length : 0;
    if (length > 0 && !is_at_hand(call->task, call->pointer, length))
        return 0;
    notice->error = read_address(notice, call->pointer);
    // The name that bind(2) makes is the reader's to look for.
    return call->is_bind || find_at_hand(notice, descriptor);
}

void egress_call_read(const struct egress_call *call, struct egress_notice *notice, int identifies)
{
    int none;
    begin(call, notice, &none);
    if (identifies)
        egress_identify_caller(notice);
    notice->error = read_address(notice, call->pointer);
}

void egress_call_find(struct egress_notice *notice, int *descriptor)
{
    char path[sizeof(struct sockaddr_un) + 16];
    *descriptor = -1;
    if (notice->error != 0 || !egress_path_as_seen(notice, path))
        return;
    *descriptor = identify(notice) < 0 ? -1 : open_as_seen(notice, path);
    notice->path_error = *descriptor < 0 ? errno : 0;
    if (*descriptor < 0)
        return;
    look_at_mount(notice, *descriptor);
    // Of others the supervisor asks, see `inside.c`.
    if (notice->is_slow)
        find_in_sets(notice, *descriptor);
}
