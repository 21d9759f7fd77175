// SPDX-License-Identifier: Apache-2.0
//
// Theory of operation
//
// Every connect(2) of the worker waits for an answer of the supervisor's (seccomp_unotify(2)). Its address lies in the
// worker's memory, and reading that can take for ever: a page may be one that a FUSE server or a userfaultfd has yet to
// fill, and no signal but SIGKILL ends the wait. So it is read by a process that can be spared:
//
//   worker             reader                          supervisor
//   connect ---------->| NOTIF_RECV
//                      | mailbox.id = id, timer on
//                      | copies the address, opens
//                      |   the path of a unix socket
//                      | timer off, mailbox.id = 0
//                      | sendmsg(notice) ------------->| judges, connects the pinned socket
//   <--------------------------------------------------| NOTIF_SEND
//
// The timer is a timerfd that both hold: when it expires the supervisor kills the reader, refuses the call that the
// mailbox names, and starts another reader. It does not wait for the first one's end, which a FUSE server can put off.
//
// Should: copy everything once; the supervisor decides and acts on the copy alone.
// Mustn't (reader): allocate or lock; it is a copy of the supervisor without exec.

#define _GNU_SOURCE
#include "egress_notify.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef PIDFD_THREAD // Linux 6.9
#define PIDFD_THREAD O_EXCL
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

struct egress_mailbox {
    _Atomic uint64_t id;    // 0: not in anyone's memory
    _Atomic uint64_t since; // CLOCK_MONOTONIC nanoseconds
    _Atomic uint32_t task;
};

struct reader {
    int listener;
    int channel;
    int timer;
    uint64_t patience;
    int identifies;
    struct egress_mailbox *mailbox;
};

struct egress_mailbox *egress_mailbox_make(void)
{
    void *memory =
        mmap(NULL, sizeof(struct egress_mailbox), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void egress_mailbox_free(struct egress_mailbox *mailbox)
{
    munmap(mailbox, sizeof *mailbox);
}

static uint64_t monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t egress_mailbox_overdue(struct egress_mailbox *mailbox, uint64_t age)
{
    uint64_t since = atomic_load(&mailbox->since), id = atomic_load(&mailbox->id);
    return monotonic_now() - since >= age ? id : 0;
}

uint32_t egress_mailbox_task(struct egress_mailbox *mailbox)
{
    return atomic_load(&mailbox->task);
}

int egress_timer_make(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

// MARK: The reader

static void set_timer(const struct reader *reader, uint64_t nanoseconds)
{
    struct itimerspec time = {.it_value = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
    timerfd_settime(reader->timer, 0, &time, NULL);
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

/// "/proc/TASK/name" in `path`, which has room for 32 bytes.
static void proc_path(char *path, uint32_t task, const char *name)
{
    char digits[12];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + task % 10);
    while ((task /= 10) > 0);
    memcpy(path, "/proc/", 6);
    path += 6;
    while (count > 0)
        *path++ = digits[--count];
    *path++ = '/';
    do
        *path++ = *name;
    while (*name++);
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

/// The content of /proc/TASK/status, NUL-terminated; -1 with errno.
static int read_status(uint32_t task, char *text, size_t capacity)
{
    char path[32];
    proc_path(path, task, "status");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, capacity - 1);
    int saved = errno;
    close(fd);
    errno = saved;
    if (length < 0)
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

/// The file system ids of a task; -1 with errno.
static int identify(uint32_t task, struct egress_identity *identity)
{
    char text[4096];
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

/// Takes a task's file system ids, if we are root and it is someone else. Without this root's rights would be lent to it.
/// 1 if taken, 0 if there is no need.
static int become(const struct egress_identity *identity)
{
    if (identity->user == 0 || geteuid() != 0)
        return 0;
    // Straight calls: the C library would make all threads of the process do the same.
    if (syscall(SYS_setgroups, identity->count, identity->groups) < 0 ||
        syscall(SYS_setresgid, -1, identity->group, -1) < 0)
        _exit(125);
    if (syscall(SYS_setresuid, -1, identity->user, -1) < 0)
        _exit(125);
    return 1;
}

/// Takes root's back. No supplementary groups: root needs none.
static void become_root(void)
{
    // Anything else than success would leave us as someone else.
    if (syscall(SYS_setresuid, -1, 0, -1) < 0 || syscall(SYS_setresgid, -1, 0, -1) < 0 ||
        syscall(SYS_setgroups, 0, NULL) < 0)
        _exit(125);
}

/// openat2(2) with O_PATH, of a path as `identity` may walk it.
static int open_in(const char *directory, const char *path, uint64_t resolve, const struct egress_identity *identity)
{
    int base = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return -1;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    int other = become(identity);
    int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
    int saved = errno;
    if (other) {
        become_root();
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a change of ids takes it away; who is orphaned already finds the channel closed
    }
    close(base);
    errno = saved;
    return fd;
}

/// Opens (O_PATH) what a path is to a task: in its root, from its working directory. -1 with errno.
static int open_path(uint32_t task, const char *path, struct egress_identity *identity)
{
    char root[32], directory[32];
    if (geteuid() == 0 && identify(task, identity) < 0)
        return -1;
    proc_path(root, task, "root");
    if (path[0] == '/')
        return open_in(root, path, RESOLVE_IN_ROOT, identity);
    proc_path(directory, task, "cwd");
    int fd = open_in(directory, path, RESOLVE_BENEATH, identity);
    if (fd >= 0 || errno != EXDEV)
        return fd;
    // It leads above the working directory: the same from the root, by the directory's name there.
    char whole[4096 + sizeof(struct sockaddr_un)];
    ssize_t length = readlink(directory, whole, 4096);
    if (length < 0 || length >= 4096)
        return -1;
    whole[length] = '/';
    strcpy(whole + length + 1, path);
    return open_in(root, whole, RESOLVE_IN_ROOT, identity);
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

/// Fills in who calls. What can't be told is left empty: that alone is no reason to refuse.
static void identify_caller(struct egress_notice *notice)
{
    char path[32];
    struct egress_task_status status;
    if (egress_task_status_read((pid_t)notice->task, &status) == 0) {
        notice->process = status.process;
        notice->inner_process = status.inner_process;
    }
    proc_path(path, notice->task, "exe");
    if (readlink(path, notice->executable, sizeof notice->executable - 1) < 0)
        notice->executable[0] = 0;
    // This lies in the caller's memory.
    proc_path(path, notice->task, "cmdline");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, notice->name, sizeof notice->name - 1);
    notice->name[length > 0 ? length : 0] = 0;
    close(fd);
}

static void send_notice(const struct reader *reader, const struct egress_notice *notice, int descriptor)
{
    struct iovec part = {(void *)notice, sizeof *notice};
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof descriptor)];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(rights, 0, sizeof rights);
        message.msg_control = rights;
        message.msg_controllen = sizeof rights;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    do
        sent = sendmsg(reader->channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        _exit(0); // the supervisor is gone
}

static void serve_one(const struct reader *reader, const struct seccomp_notif *notification)
{
    struct egress_notice notice;
    memset(&notice, 0, sizeof notice);
    notice.id = notification->id;
    notice.task = notification->pid;
    notice.descriptor = (int32_t)notification->data.args[0];
    notice.length = (int32_t)notification->data.args[2];
    notice.path_error = -1;
    int descriptor = -1;

    atomic_store(&reader->mailbox->since, monotonic_now());
    atomic_store(&reader->mailbox->task, notice.task);
    atomic_store(&reader->mailbox->id, notice.id);
    set_timer(reader, reader->patience);
    if (reader->identifies)
        identify_caller(&notice);
    notice.error = read_address(&notice, notification->data.args[1]);
    char path[sizeof(struct sockaddr_un) + 1];
    if (notice.error == 0 && unix_path(&notice, path)) {
        descriptor = open_path(notice.task, path, &notice.identity);
        notice.path_error = descriptor < 0 ? errno : 0;
    }
    set_timer(reader, 0);
    atomic_store(&reader->mailbox->id, 0);

    send_notice(reader, &notice, descriptor);
    if (descriptor >= 0)
        close(descriptor);
}

static int is_over(int listener)
{
    struct pollfd entry = {listener, POLLIN, 0};
    return poll(&entry, 1, 0) == 1 && entry.revents & POLLHUP;
}

_Noreturn static void serve(const struct reader *reader)
{
    for (;;) {
        struct seccomp_notif notification;
        memset(&notification, 0, sizeof notification); // the kernel insists
        if (ioctl(reader->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
            serve_one(reader, &notification);
        } else if ((errno != EINTR && errno != ENOENT) || is_over(reader->listener)) {
            // ENOENT: the caller was killed before we looked, or there is nobody left to call.
            _exit(0);
        }
    }
}

/// Closes all but the descriptors of `reader`: a pipe's reader must see its end, and a connection must not outlive us.
static void keep_only(struct reader *reader)
{
    int *const kept[] = {&reader->listener, &reader->channel, &reader->timer};
    // Above all that is open, then down to the bottom, in their order.
    for (int i = 0; i < 3; i++)
        if (fcntl(*kept[i], F_GETFD) < 0)
            _exit(125);
    for (int i = 0; i < 3; i++) {
        for (int j = i + 1; j < 3; j++)
            if (*kept[j] == i)
                *kept[j] = fcntl(i, F_DUPFD, 3);
        if (*kept[i] != i && dup2(*kept[i], i) < 0)
            _exit(125);
        *kept[i] = i;
    }
    if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0)
        _exit(125);
}

pid_t egress_reader_start(int listener, int channel, int timer, uint64_t patience, int identifies,
                          struct egress_mailbox *mailbox)
{
    pid_t parent = getpid();
    pid_t pid = egress_clone(0);
    if (pid != 0)
        return pid;
    struct reader reader = {listener, channel, timer, patience, identifies, mailbox};
    prctl(PR_SET_NAME, "egress-reader");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(125);
    keep_only(&reader);
    serve(&reader);
}

// MARK: The supervisor

int egress_notice_receive(int channel, struct egress_notice *notice, int *descriptor)
{
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof(int))];
    struct iovec part = {notice, sizeof *notice};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    *descriptor = -1;
    ssize_t length = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length <= 0)
        return (int)length;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    if (length == sizeof *notice)
        return 1;
    errno = EPROTO;
    return -1;
}

int egress_notification_receive(int listener, uint64_t *id)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        return -1;
    *id = notification.id;
    return 0;
}

int egress_notification_answer(int listener, uint64_t id, int error)
{
    // Never SECCOMP_USER_NOTIF_FLAG_CONTINUE: the call would then run on memory and descriptors that nobody has judged.
    struct seccomp_notif_resp answer = {.id = id, .error = -error};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int egress_notification_is_valid(int listener, uint64_t id)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void egress_notification_share_core(int listener)
{
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL); // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
}

/// The process of a thread, from "Tgid:" in its status; 0 if it is gone.
static pid_t process_of(pid_t task)
{
    char text[1024];
    uint32_t process = 0;
    if (read_status((uint32_t)task, text, sizeof text) < 0)
        return 0;
    const char *line = find_line(text, "\nTgid:");
    return line && read_number(line, &process) ? (pid_t)process : 0;
}

int egress_pin_descriptor(pid_t task, int descriptor)
{
    int pidfd = (int)syscall(SYS_pidfd_open, task, PIDFD_THREAD);
    if (pidfd < 0 && errno == EINVAL) {
        // Before Linux 6.9 only a process has one. Its threads share their descriptors, or as good as always do; if not,
        // what is pinned is another socket of the worker's, and is judged as that.
        pid_t process = process_of(task);
        pidfd = process > 0 ? (int)syscall(SYS_pidfd_open, process, 0U) : -1;
    }
    if (pidfd < 0)
        return -1;
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0U);
    int saved = errno;
    close(pidfd);
    errno = saved;
    return fd;
}

int egress_connect_as(const struct egress_identity *identity, int socket, const void *address, uint32_t length)
{
    int other = become(identity);
    int error = egress_connect_now(socket, address, length);
    if (other)
        become_root();
    return error;
}

static void wake(int number)
{
}

/// A timer whose signal interrupts a system call; armed below. Made on first use.
static timer_t *watchdog(void)
{
    static timer_t timer;
    static int state;
    if (state == 0) {
        struct sigaction action = {.sa_handler = wake}; // no SA_RESTART
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGRTMIN + 1);
        state = sigaction(SIGRTMIN + 1, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 &&
                        timer_create(CLOCK_MONOTONIC, &event, &timer) == 0
                    ? 1
                    : -1;
    }
    return state > 0 ? &timer : NULL;
}

int egress_connect_now(int socket, const void *address, uint32_t length)
{
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0)
        return errno;
    if (flags & O_NONBLOCK)
        return connect(socket, address, length) < 0 ? errno : 0;
    // The file is the worker's own, so its flag is set only just around the call. A thread of the worker's that takes
    // it back in between only makes the call wait until the watchdog interrupts it; the connection then goes on.
    timer_t *timer = watchdog();
    if (!timer)
        return EACCES;
    static const struct itimerspec on = {{0, 5000000}, {0, 5000000}}, off = {{0, 0}, {0, 0}};
    timer_settime(*timer, 0, &on, NULL);
    int error = 0;
    if (fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0 || connect(socket, address, length) < 0)
        error = errno;
    fcntl(socket, F_SETFL, flags);
    timer_settime(*timer, 0, &off, NULL);
    return error == EINTR ? EINPROGRESS : error;
}
