// SPDX-License-Identifier: Apache-2.0
//
// What the kernel tells of a task. Runs in the reader too: no allocation, no locks.

#define _GNU_SOURCE
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PIDFD_THREAD // Linux 6.9
#define PIDFD_THREAD O_EXCL
#endif

/// Writes a number behind `path`; returns where it ends.
static char *write_number(char *path, uint32_t number)
{
    char digits[12];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *path++ = digits[--count];
    *path = 0;
    return path;
}

void egress_proc_path(char *path, uint32_t task, const char *name)
{
    memcpy(path, "/proc/", 6);
    path = write_number(path + 6, task);
    *path++ = '/';
    strcpy(path, name);
}

void egress_descriptor_path(char *path, int descriptor)
{
    strcpy(path, "/proc/self/fd/");
    write_number(path + strlen(path), (uint32_t)descriptor);
}

// Who calls often calls again.
static struct {
    pid_t task; // 0: none, the pidfd is for once
    int pidfd;
} kept = {0, -1};

/// A pidfd of a thread, `*lasting` if it can't come to mean another of the same number.
static int open_task(pid_t task, int *lasting)
{
    int pidfd = (int)syscall(SYS_pidfd_open, task, PIDFD_THREAD);
    *lasting = pidfd >= 0;
    if (pidfd >= 0 || errno != EINVAL)
        return pidfd;
    // Before Linux 6.9 only a process has one. Its threads share their descriptors, or as good as always do; if not, what
    // is pinned is another socket of the worker's, and is judged as that.
    pid_t process = egress_process_of(task);
    return process > 0 ? (int)syscall(SYS_pidfd_open, process, 0U) : -1;
}

int egress_pidfd_of(pid_t task)
{
    int lasting;
    if (kept.pidfd >= 0 && kept.task == task)
        return kept.pidfd;
    egress_pidfd_forget();
    kept.pidfd = open_task(task, &lasting);
    kept.task = lasting ? task : 0;
    return kept.pidfd;
}

void egress_pidfd_forget(void)
{
    if (kept.pidfd >= 0)
        close(kept.pidfd);
    kept.pidfd = -1;
}

/// The value of a line of /proc/TASK/status that begins with `name`; NULL if there is none.
static const char *find_line(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line ? line + strlen(name) : NULL;
}

static int read_mask(const char *text, const char *name, uint64_t *mask)
{
    const char *line = find_line(text, name);
    if (!line)
        return 0;
    *mask = 0;
    for (line++; (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'); line++)
        *mask = *mask << 4 | (uint64_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
    return 1;
}

static const char *read_number(const char *text, uint32_t *number)
{
    while (*text == '\t' || *text == ' ')
        text++;
    if (*text < '0' || *text > '9')
        return NULL;
    for (*number = 0; *text >= '0' && *text <= '9'; text++)
        *number = *number * 10 + (uint32_t)(*text - '0');
    return text;
}

/// Of the line of groups, which there may be 65,536 of, this many bytes are kept: more than we look at.
enum { GROUPS_KEPT = 1024 };

/// Appends bytes to `text`, but not what is too long of the line of groups; returns the new length.
static size_t append(char *text, size_t length, size_t capacity, const char *bytes, size_t count, size_t *line)
{
    for (size_t i = 0; i < count && length < capacity; i++) {
        int is_long = length - *line > GROUPS_KEPT && memcmp(text + *line, "Groups:", 7) == 0;
        if (is_long && bytes[i] != '\n')
            continue;
        text[length++] = bytes[i];
        if (bytes[i] == '\n')
            *line = length;
    }
    return length;
}

/// The content of /proc/TASK/status, NUL-terminated; -1 with errno.
static int read_status(uint32_t task, char *text, size_t capacity)
{
    char path[32], chunk[4096];
    size_t length = 0, line = 0;
    ssize_t count;
    egress_proc_path(path, task, "status");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    // One read is enough for most; whatever is behind is the status of another moment, but of the same task.
    do {
        count = read(fd, chunk, sizeof chunk);
        length = append(text, length, capacity - 1, chunk, count > 0 ? (size_t)count : 0, &line);
    } while (count == sizeof chunk && length < capacity - 1);
    int saved = errno;
    close(fd);
    errno = saved;
    if (count < 0)
        return -1;
    text[length] = 0;
    return 0;
}

int egress_task_status_read(pid_t task, struct egress_task_status *status)
{
    char text[4096];
    if (read_status((uint32_t)task, text, sizeof text) < 0)
        return -1;
    const char *process = find_line(text, "\nTgid:"), *inner = find_line(text, "\nNStgid:");
    const char *threads = find_line(text, "\nThreads:");
    errno = EPROTO;
    if (!process || !inner || !threads || !read_number(process, &status->process) ||
        !read_number(threads, &status->threads) || !read_mask(text, "\nSigPnd:", &status->pending) ||
        !read_mask(text, "\nShdPnd:", &status->shared) || !read_mask(text, "\nSigBlk:", &status->blocked) ||
        !read_mask(text, "\nSigIgn:", &status->ignored))
        return -1;
    // In each namespace from ours to its own.
    while ((inner = read_number(inner, &status->inner_process)))
        ;
    return 0;
}

/// What PIDFD_GET_INFO fills in, of version 0 (Linux 6.13).
struct info {
    uint64_t mask, cgroup;
    uint32_t process_ids[3], ids[6], user, group, exit_code;
};

_Static_assert(sizeof(struct info) == 64, "the kernel takes the version from the size");

#define GET_INFO _IOWR(0xFF, 11, struct info)
enum { INFO_IDS = 1 << 1 };

/// True if a task is known to have all of root's rights that we have: asked of a pidfd and of capget(2), as its status
/// takes ten times as long.
static int is_whole_root(uint32_t task, struct egress_identity *identity)
{
    struct info info = {.mask = INFO_IDS};
    int pidfd = egress_pidfd_of((pid_t)task);
    if (pidfd < 0 || ioctl(pidfd, GET_INFO, &info) < 0)
        return 0;
    identity->user = 0;
    identity->group = info.group;
    identity->count = 0;
    return info.mask & INFO_IDS && info.user == 0 && identity->capabilities == egress_own_capabilities();
}

int egress_identify(uint32_t task, struct egress_identity *identity)
{
    char text[4096];
    if (egress_capabilities_of((pid_t)task, &identity->capabilities) < 0)
        return -1;
    identity->capabilities &= egress_own_capabilities();
    if (is_whole_root(task, identity))
        return 0;
    if (read_status(task, text, sizeof text) < 0)
        return -1;
    const char *user = find_line(text, "\nUid:"), *group = find_line(text, "\nGid:");
    const char *groups = find_line(text, "\nGroups:");
    errno = EPROTO;
    if (!user || !group || !groups)
        return -1;
    for (int i = 0; i < 4; i++) // real, effective, saved, file system
        if (!(user = read_number(user, &identity->user)) || !(group = read_number(group, &identity->group)))
            return -1;
    // More than we have room for are left out: the task is then taken to have fewer rights than it has.
    identity->count = 0;
    while (identity->count < sizeof identity->groups / sizeof identity->groups[0] &&
           (groups = read_number(groups, &identity->groups[identity->count])))
        identity->count++;
    return 0;
}

int egress_umask_of(uint32_t task, uint32_t *mask)
{
    char text[1024];
    errno = EPROTO;
    const char *line = read_status(task, text, sizeof text) < 0 ? NULL : find_line(text, "\nUmask:");
    if (!line)
        return -1;
    while (*line == '\t')
        line++;
    for (*mask = 0; *line >= '0' && *line <= '7'; line++)
        *mask = *mask * 8 + (uint32_t)(*line - '0');
    return 0;
}

ssize_t egress_task_link(uint32_t task, const char *name, char *target, size_t capacity)
{
    char path[32];
    egress_proc_path(path, task, name);
    ssize_t length = readlink(path, target, capacity);
    if (length < 0 && errno == EACCES && egress_trace_begin()) {
        length = readlink(path, target, capacity);
        egress_trace_end();
    }
    return length;
}

int egress_task_directory(uint32_t task, const char *name)
{
    char path[32];
    egress_proc_path(path, task, name);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && egress_trace_begin()) {
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        egress_trace_end();
    }
    return fd;
}

ssize_t egress_read_memory(uint32_t task, const struct iovec *ours, const struct iovec *theirs, size_t count)
{
    ssize_t length = process_vm_readv((pid_t)task, ours, 1, theirs, count, 0);
    if (length < 0 && errno == EPERM && egress_trace_begin()) {
        length = process_vm_readv((pid_t)task, ours, 1, theirs, count, 0);
        egress_trace_end();
    }
    return length;
}

void egress_identify_caller(struct egress_notice *notice)
{
    char path[32];
    struct egress_task_status status;
    if (egress_task_status_read((pid_t)notice->task, &status) == 0) {
        notice->process = status.process;
        notice->inner_process = status.inner_process;
    }
    if (egress_task_link(notice->task, "exe", notice->executable, sizeof notice->executable - 1) < 0)
        notice->executable[0] = 0;
    // This lies in the caller's memory.
    egress_proc_path(path, notice->task, "cmdline");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, notice->name, sizeof notice->name - 1);
    notice->name[length > 0 ? length : 0] = 0;
    close(fd);
}

pid_t egress_program_of(pid_t task)
{
    struct info info = {.mask = 0};
    int pidfd = egress_pidfd_of(task);
    return pidfd >= 0 && ioctl(pidfd, GET_INFO, &info) == 0 && info.process_ids[1] ? (pid_t)info.process_ids[1] : task;
}

pid_t egress_process_of(pid_t task)
{
    char text[1024];
    uint32_t process = 0;
    if (read_status((uint32_t)task, text, sizeof text) < 0)
        return 0;
    const char *line = find_line(text, "\nTgid:");
    return line && read_number(line, &process) ? (pid_t)process : 0;
}
