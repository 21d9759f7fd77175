// SPDX-License-Identifier: Apache-2.0
//
// Performs the steps of a plan that make the command's view of the file system.
//
// Should: leave nothing half done unseen: every failure ends the start.
// Mustn't: follow what another process may change meanwhile: paths lead through our own mount namespace, and what is made is
// made in file systems that we mounted.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

int egress_terminals[EGRESS_MAX_TERMINALS];
int egress_terminal_count;

static int write_file(const char *path, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -1;
    // Readable whatever the caller's umask: the command may go on as another user. /proc/sys keeps its modes.
    (void)fchmod(fd, 0644);
    ssize_t written = count ? write(fd, bytes, count) : 0;
    int saved = errno;
    close(fd);
    if (written == (ssize_t)count)
        return 0;
    errno = written < 0 ? saved : EIO;
    return -1;
}

static int make_directory(const char *path)
{
    return mkdir(path, 0755) < 0 ? -1 : chmod(path, 0755); // whatever the caller's umask
}

static int set_mount_attributes(const struct egress_step *step)
{
    struct mount_attr attr = {
        .attr_set = step->flags, .attr_clr = step->clear, .propagation = step->propagation};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, step->target, step->recursive ? AT_RECURSIVE : 0, &attr,
                        sizeof attr);
}

/// Joins a directory and a number: "/dev/pts" and 7 are "/dev/pts/7".
static int join(char *path, size_t capacity, const char *directory, unsigned number)
{
    char digits[10];
    size_t count = 0, length = strlen(directory);
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    if (length + 1 + count + 1 > capacity) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, directory, length);
    path[length++] = '/';
    while (count > 0)
        path[length++] = digits[--count];
    path[length] = '\0';
    return 0;
}

/// Opens terminals until there is one of this number: the lowest free one is given out each time. Closes those before.
static int open_master(const char *directory, unsigned index)
{
    char ptmx[128];
    int below[EGRESS_MAX_TERMINAL_INDEX], count = 0, master = -1;
    size_t length = strlen(directory);
    if (index >= EGRESS_MAX_TERMINAL_INDEX || length + sizeof "/ptmx" > sizeof ptmx) {
        errno = EINVAL;
        return -1;
    }
    memcpy(ptmx, directory, length);
    memcpy(ptmx + length, "/ptmx", sizeof "/ptmx");
    for (;;) {
        unsigned number = 0;
        int fd = open(ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || ioctl(fd, TIOCGPTN, &number) < 0)
            break;
        if (number == index) {
            master = fd;
            break;
        }
        if (count == EGRESS_MAX_TERMINAL_INDEX || number > index) {
            close(fd);
            errno = ENOSPC;
            break;
        }
        below[count++] = fd;
    }
    int saved = errno;
    while (count > 0)
        close(below[--count]);
    errno = saved;
    return master;
}

/// The caller's terminal is of the machine's devpts, which would show all other terminals of its user. In ours a terminal of
/// the same number is made, of which nobody has the other end, and the caller's is bound over it: ttyname(3) finds it.
static int bind_terminal(const struct egress_step *step)
{
    char path[128];
    if (egress_terminal_count == EGRESS_MAX_TERMINALS || join(path, sizeof path, step->target, step->index) < 0)
        return -1;
    int master = open_master(step->target, step->index);
    if (master < 0)
        return -1;
    // Out of the way of the numbers that init keeps in the end.
    int kept = fcntl(master, F_DUPFD_CLOEXEC, EGRESS_MAX_TERMINALS + 1);
    close(master);
    if (kept < 0)
        return -1;
    egress_terminals[egress_terminal_count++] = kept;
    return mount(step->source, path, NULL, MS_BIND, NULL);
}

/// A mount that was made since the table was read would be in our copy, and nobody judged it. proc_pid_mountinfo(5): a change
/// is told by POLLPRI, once for each open file; our copy is private by now.
static int check_unchanged(int descriptor)
{
    struct pollfd entry = {.fd = descriptor, .events = POLLPRI};
    int changed = poll(&entry, 1, 0);
    if (changed > 0)
        errno = ESTALE;
    return changed == 0 ? 0 : -1;
}

int egress_perform_mount_step(const struct egress_step *step)
{
    switch (step->kind) {
    case EGRESS_STEP_MOUNT:
        return mount(step->source, step->target, step->type, step->flags, step->options);
    case EGRESS_STEP_MOUNT_SETATTR:
        return set_mount_attributes(step);
    case EGRESS_STEP_WRITE:
        return write_file(step->target, step->bytes, step->count);
    case EGRESS_STEP_DIRECTORY:
        return make_directory(step->target);
    case EGRESS_STEP_LINK:
        return symlink(step->source, step->target);
    case EGRESS_STEP_TERMINAL:
        return bind_terminal(step);
    case EGRESS_STEP_ENTER:
        return chdir(step->target);
    case EGRESS_STEP_UNCHANGED:
        return check_unchanged(step->descriptor);
    default:
        errno = EINVAL;
        return -1;
    }
}
