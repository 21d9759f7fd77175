// SPDX-License-Identifier: Apache-2.0
//
// Puts a seccomp filter of its own on top, in the hope that it answers in the place of the one below.
// usage: stack listener|trace ADDRESS PORT   (x86-64)
#include "program.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_storage address;
static socklen_t length;
static int listener, ready[2];

/// Installs a filter with an action for one system call; returns the listener if there is one.
static int filter(unsigned number, unsigned action, unsigned flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = code};

    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
    return check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program), "seccomp");
}

static void *connect_filtered(void *unused)
{
    int fd = check(socket(address.ss_family, SOCK_STREAM, 0), "socket");

    listener = filter(SYS_connect, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    check((int)write(ready[1], "", 1), "write");
    check(connect(fd, (struct sockaddr *)&address, length), "connect");
    check((int)send(fd, "listener\n", 9, MSG_NOSIGNAL), "send");
    return unused;
}

/// Answers its own notification with leave to go on.
static void with_listener(void)
{
    pthread_t thread;
    char byte;
    struct seccomp_notif notice = {0};
    struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

    check(pipe(ready), "pipe");
    if (pthread_create(&thread, NULL, connect_filtered, NULL) != 0)
        exit(3);
    check((int)read(ready[0], &byte, 1), "read");
    check(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice), "receive");
    answer.id = notice.id;
    check(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), "answer");
    pthread_join(thread, NULL);
}

/// A harmless call that the tracer turns into a connect after the filters have seen it.
static _Noreturn void traced(void)
{
    int fd = check(socket(address.ss_family, SOCK_STREAM, 0), "socket");

    check((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL), "ptrace");
    raise(SIGSTOP);
    filter(SYS_getppid, SECCOMP_RET_TRACE, 0);
    check((int)syscall(SYS_getppid, fd, &address, length), "connect");
    check((int)send(fd, "traced\n", 7, MSG_NOSIGNAL), "send");
    exit(0);
}

static int with_tracer(void)
{
    struct user_regs_struct registers;
    int status = 0;
    pid_t child = check(fork(), "fork");

    if (child == 0)
        traced();
    check(waitpid(child, &status, 0), "wait");
    check((int)ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL), "options");
    while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
            check((int)ptrace(PTRACE_GETREGS, child, NULL, &registers), "registers");
            registers.orig_rax = SYS_connect;
            check((int)ptrace(PTRACE_SETREGS, child, NULL, &registers), "registers");
        }
        check((int)ptrace(PTRACE_CONT, child, NULL, NULL), "continue");
        check(waitpid(child, &status, 0), "wait");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    length = parse_address(argv[2], argv[3], &address);
    if (strcmp(argv[1], "trace") == 0)
        return with_tracer();
    with_listener();
    return 0;
}
