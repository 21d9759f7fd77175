// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "egress_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { fatal_count = sizeof fatal / sizeof *fatal };

static int terminal;
static struct termios usual;

/// Without this, the shell would be left with a terminal that shows nothing.
static void restore_and_die(int number)
{
    tcsetattr(terminal, TCSANOW, &usual);
    raise(number); // SA_RESETHAND: the default action, which ends the process
}

/// Reads a line, which is at most `capacity` bytes with its end.
static ssize_t read_line(void *buffer, size_t capacity)
{
    ssize_t length;
    do
        length = read(terminal, buffer, capacity);
    while (length < 0 && errno == EINTR);
    if (length > 0 && ((char *)buffer)[length - 1] == '\n')
        length--;
    // N_TTY cuts a line of more than 4095 bytes without a word (termios(3), canonical mode).
    if (length >= 4095 || length == (ssize_t)capacity) {
        tcflush(terminal, TCIFLUSH);
        explicit_bzero(buffer, capacity);
        errno = E2BIG;
        return -1;
    }
    return length;
}

ssize_t egress_read_hidden(const char *prompt, void *buffer, size_t capacity)
{
    terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        return -1;
    ssize_t length = -1;
    if (tcgetattr(terminal, &usual) == 0) {
        struct termios hidden = usual;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        hidden.c_lflag |= ECHONL | ICANON | ISIG;
        struct sigaction former[fatal_count], stop = {.sa_handler = SIG_IGN}, former_stop;
        for (int i = 0; i < fatal_count; i++) {
            struct sigaction action = {.sa_handler = restore_and_die, .sa_flags = SA_RESETHAND | SA_NODEFER};
            sigaction(fatal[i], NULL, &former[i]);
            if (former[i].sa_handler == SIG_DFL)
                sigaction(fatal[i], &action, NULL);
        }
        // Stopped here, the terminal would stay as it is.
        sigaction(SIGTSTP, &stop, &former_stop);
        // TCSAFLUSH drops what was typed before it was hidden, and so was seen.
        if (tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && write(terminal, prompt, strlen(prompt)) >= 0)
            length = read_line(buffer, capacity);
        int code = errno;
        tcsetattr(terminal, TCSAFLUSH, &usual);
        sigaction(SIGTSTP, &former_stop, NULL);
        for (int i = 0; i < fatal_count; i++)
            sigaction(fatal[i], &former[i], NULL);
        errno = code;
    }
    int code = errno;
    close(terminal);
    errno = code;
    return length;
}

int egress_hide_memory(void)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return -1;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
