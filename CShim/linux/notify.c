// SPDX-License-Identifier: Apache-2.0
//
// The supervisor's part in notified calls: taking them (see `look.c`), pinning, performing, answering.

#define _GNU_SOURCE
#include "egress_sends.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

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

uint64_t egress_monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t egress_mailbox_overdue(struct egress_mailbox *mailbox)
{
    uint64_t due = atomic_load(&mailbox->due), id = atomic_load(&mailbox->id);
    return egress_monotonic_now() >= due ? id : 0;
}

uint64_t egress_mailbox_id(struct egress_mailbox *mailbox)
{
    return atomic_load(&mailbox->id);
}

uint32_t egress_mailbox_task(struct egress_mailbox *mailbox)
{
    return atomic_load(&mailbox->task);
}

int egress_timer_make(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

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

int egress_call_take(int listener, int sends, struct egress_call *call)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification); // the kernel insists
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        return -1;
    if (notification.data.nr != SYS_connect && notification.data.nr != SYS_bind) {
        egress_send_pass_on(listener, sends, &notification);
        errno = ENOENT;
        return -1;
    }
    *call = (struct egress_call){
        .id = notification.id,
        .is_bind = notification.data.nr == SYS_bind,
        .pointer = notification.data.args[1],
        .task = notification.pid,
        .descriptor = (int32_t)notification.data.args[0],
        .length = (int32_t)notification.data.args[2],
    };
    return 0;
}

/// ioctl(2) on a listener, whose lock a signal may keep it from taking.
static int control(int listener, unsigned long request, void *argument)
{
    int result;
    do
        result = ioctl(listener, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

int egress_notification_answer(int listener, uint64_t id, int error)
{
    // Never SECCOMP_USER_NOTIF_FLAG_CONTINUE: the call would then run on memory and descriptors that nobody has judged.
    struct seccomp_notif_resp answer = {.id = id, .error = -error};
    return control(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int egress_notification_answer_value(int listener, uint64_t id, int64_t value)
{
    struct seccomp_notif_resp answer = {.id = id, .val = value};
    return control(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

int egress_notification_is_valid(int listener, uint64_t id)
{
    return control(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void egress_notification_share_core(int listener)
{
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL); // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
}

static int pin(pid_t task, int descriptor)
{
    int pidfd = egress_pidfd_of(task);
    if (pidfd < 0)
        return -1;
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0U);
    // It hides its memory, or has capabilities that we don't.
    if (fd < 0 && errno == EPERM && egress_trace_begin()) {
        fd = (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0U);
        egress_trace_end();
    }
    return fd;
}

int egress_pin_descriptor(pid_t task, int descriptor)
{
    // What is no socket is closed by another process, which its file system may hold up.
    if (!egress_can_close_elsewhere()) {
        errno = EBUSY;
        return -1;
    }
    int fd = pin(task, descriptor);
    if (fd >= 0 || errno != ESRCH)
        return fd;
    egress_pidfd_forget(); // it ended, and another may have its number
    return pin(task, descriptor);
}

int egress_pin_socket(pid_t task, int descriptor, int *domain, int *type)
{
    int fd = egress_pin_descriptor(task, descriptor);
    socklen_t size = sizeof *domain, length = sizeof *type;
    if (fd < 0)
        return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, domain, &size) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &length) == 0)
        return fd;
    int saved = errno;
    egress_let_go(fd);
    errno = saved;
    return -1;
}

// Of the one thread that performs calls. Armed at the first call in 5 ms, and taken back when it finds none under way.
//
// The timer of setitimer(2), since a POSIX timer takes a place in the queue of signals, which all processes of a user share
// (RLIMIT_SIGPENDING): who fills it would keep us from performing any call. SIGALRM is delivered even if the queue is full:
// only what is said about it gets lost (__send_signal_locked in kernel/signal.c). Neither clone(2) nor the command inherits
// the timer, and execve(2) the handler.
static volatile sig_atomic_t is_hasty, is_armed;
/// When a timer that the caller had set before it executed us is due, CLOCK_MONOTONIC; 0: there is none.
static uint64_t caller_alarm;

static void set_alarm(uint64_t nanoseconds, uint64_t interval)
{
    struct itimerval time = {
        .it_interval = {(time_t)(interval / 1000000000), (suseconds_t)(interval % 1000000000 / 1000)},
        .it_value = {(time_t)(nanoseconds / 1000000000), (suseconds_t)(nanoseconds % 1000000000 / 1000)}};
    setitimer(ITIMER_REAL, &time, NULL); // a plain system call, as timer_settime(2), which is async-signal-safe
}

/// Interrupts a system call.
static void wake(int number)
{
    uint64_t now = caller_alarm ? egress_monotonic_now() : 0;
    if (caller_alarm && caller_alarm <= now) {
        // What would have become of us without a timer of our own, once we return.
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    if (is_hasty)
        return;
    is_armed = 0;
    uint64_t left = caller_alarm ? caller_alarm - now : 0;
    set_alarm(left && left < 1000 ? 1000 : left, 0);
}

/// Takes over the timer and its signal, on first use; 0 if that failed.
static int has_watchdog(void)
{
    static int state;
    if (state == 0) {
        struct sigaction action = {.sa_handler = wake}, old; // no SA_RESTART
        struct itimerval time;
        sigset_t set, mask;
        sigemptyset(&set);
        sigaddset(&set, SIGALRM);
        state = sigaction(SIGALRM, NULL, &old) == 0 && sigprocmask(SIG_BLOCK, NULL, &mask) == 0 &&
                        getitimer(ITIMER_REAL, &time) == 0
                    ? 1
                    : -1;
        // execve(2) keeps the caller's timer. If its signal would end us, it still does.
        if (state > 0 && old.sa_handler == SIG_DFL && !sigismember(&mask, SIGALRM)) {
            uint64_t left = (uint64_t)time.it_value.tv_sec * 1000000000 + (uint64_t)time.it_value.tv_usec * 1000;
            caller_alarm = left ? egress_monotonic_now() + left : 0;
        }
        if (state > 0 && (sigaction(SIGALRM, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0))
            state = -1;
    }
    return state > 0;
}

static void arm(void)
{
    if (!is_armed) {
        is_armed = 1;
        set_alarm(5000000, 5000000);
    }
}

int egress_haste_begin(int socket)
{
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0)
        return -1;
    // The file is the worker's own, so its flag is set only just around the calls. A thread of the worker's that takes
    // it back in between only makes a call wait until the watchdog interrupts it; the connection then goes on.
    if (!has_watchdog())
        return -1;
    is_hasty = 1;
    arm();
    if (flags & O_NONBLOCK || fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0)
        return flags;
    is_hasty = 0;
    return -1;
}

void egress_haste_end(int socket, int flags)
{
    // Of its flags as they are by now: a thread of the worker's may have changed others meanwhile.
    int now = flags >= 0 && !(flags & O_NONBLOCK) ? fcntl(socket, F_GETFL) : -1;
    if (now >= 0)
        fcntl(socket, F_SETFL, now & ~O_NONBLOCK);
    is_hasty = 0;
}

void egress_let_go_socket(int socket)
{
    // Whoever closes a socket last waits for what it lingers for (SO_LINGER of socket(7)), but for signals: of a unix socket
    // also for those that were sent to it and that nobody received (SCM_RIGHTS).
    is_hasty = has_watchdog();
    if (is_hasty)
        arm();
    close(socket);
    is_hasty = 0;
}

void egress_let_go(int descriptor)
{
    struct statx status;
    int is_known = statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &status) == 0;
    mode_t type = is_known ? status.stx_mode & S_IFMT : 0;
    if (type == S_IFSOCK)
        egress_let_go_socket(descriptor);
    // What has no type (eventfd, epoll, timerfd, ...) is no file server's.
    else if (type == S_IFIFO || (is_known && type == 0) || (type == S_IFREG && egress_is_local_mount(status.stx_mnt_id)))
        close(descriptor);
    else
        egress_close_elsewhere(descriptor);
}

int egress_connect_now(int socket, const void *address, uint32_t length, const struct egress_identity *identity)
{
    int other = identity && egress_become(identity);
    int error = connect(socket, address, length) < 0 ? errno : 0;
    if (other)
        egress_become_root();
    return error == EINTR ? EINPROGRESS : error;
}
