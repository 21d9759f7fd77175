// SPDX-License-Identifier: Apache-2.0
//
// The environment is copied when the library is loaded: programs clear it, replace it, and write their title over it.
// No malloc and no getenv here: programs bring their own (bash has a getenv that is not ready this early).

#include "settings.h"

#include "egress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static char near_store[1024];
static size_t near_used;
static struct stat standard_error;
static bool has_standard_error;

static void *store(size_t size)
{
    if (size <= sizeof near_store - near_used) {
        char *place = near_store + near_used;
        near_used += size;
        return place;
    }
    void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? NULL : place;
}

/// A copy of two strings, one after the other; null without memory.
static const char *joined(const char *first, const char *second)
{
    size_t first_size = strlen(first);
    size_t second_size = strlen(second) + 1;
    char *copy = store(first_size + second_size);
    if (copy == NULL)
        return NULL;
    memcpy(copy, first, first_size);
    memcpy(copy + first_size, second, second_size);
    return copy;
}

static const char *absolute(const char *path)
{
    char directory[4096];
    if (path[0] == '/' || getcwd(directory, sizeof directory - 1) == NULL)
        return joined("", path);
    strcat(directory, "/");
    return joined(directory, path);
}

/// The value if `variable` is `EGRESS_name=value`.
static const char *value_of(const char *variable, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(variable, name, length) != 0 || variable[length] != '=')
        return NULL;
    return variable + length + 1;
}

static void take(struct egress_settings *settings, const char *variable)
{
    const char *value;
    if ((value = value_of(variable, "EGRESS_POLICY")) != NULL) {
        if ((settings->policy = absolute(value)) == NULL)
            settings->problem = "no memory for EGRESS_POLICY";
    } else if ((value = value_of(variable, "EGRESS_ALLOW")) != NULL) {
        if ((settings->allow = joined("", value)) == NULL)
            settings->problem = "no memory for EGRESS_ALLOW";
    } else if ((value = value_of(variable, "EGRESS_DENY")) != NULL) {
        if ((settings->deny = joined("", value)) == NULL)
            settings->problem = "no memory for EGRESS_DENY";
    } else if ((value = value_of(variable, "EGRESS_ALLOW_PRIVATE")) != NULL) {
        if (strcmp(value, "1") == 0)
            settings->flags |= EGRESS_ALLOW_PRIVATE;
        else if (strcmp(value, "0") != 0)
            settings->problem = "EGRESS_ALLOW_PRIVATE is neither 0 nor 1";
    } else if ((value = value_of(variable, "EGRESS_TELL")) != NULL) {
        if (strcmp(value, "quiet") == 0)
            settings->flags |= EGRESS_QUIET;
        else if (strcmp(value, "verbose") == 0)
            settings->flags |= EGRESS_VERBOSE;
        else
            settings->problem = "EGRESS_TELL is neither 'quiet' nor 'verbose'";
    } else if ((value = value_of(variable, "EGRESS_PRELOAD")) != NULL) {
        if (strcmp(value, "names") == 0)
            settings->names_only = true;
        else if (strcmp(value, "all") != 0)
            settings->problem = "EGRESS_PRELOAD is neither 'all' nor 'names'";
    }
}

void egress_read_settings(struct egress_settings *ret_settings)
{
    int saved = errno;
    struct egress_settings settings = {.flags = EGRESS_LOCAL_NAMES};
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (strncmp(*variable, "EGRESS_", 7) == 0)
            take(&settings, *variable);
    }
    if (settings.names_only)
        settings.flags |= EGRESS_SEARCH_DOMAINS;
    if (settings.problem == NULL && !settings.policy && !settings.allow && !settings.deny)
        settings.problem = "EGRESS_POLICY is not set (nor EGRESS_ALLOW or EGRESS_DENY)";
    has_standard_error = fstat(STDERR_FILENO, &standard_error) == 0;
    *ret_settings = settings;
    errno = saved;
}

void egress_tell(const char *line)
{
    struct stat now;
    // Programs close descriptor 2, and the next file or socket they open has its number.
    if (!has_standard_error || fstat(STDERR_FILENO, &now) != 0 || now.st_dev != standard_error.st_dev ||
        now.st_ino != standard_error.st_ino)
        return;
    // A reader that has stopped must not stop the program.
    struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&writable, 1, 100) <= 0 || !(writable.revents & POLLOUT))
        return;
    char text[512];
    size_t length = strnlen(line, sizeof text - 1);
    memcpy(text, line, length);
    text[length++] = '\n';
    // A broken pipe is told by a signal. All signals are blocked here; one that is ours must not be left behind.
    sigset_t pipe_signal, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    bool was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
    if (write(STDERR_FILENO, text, length) < 0 && errno == EPIPE && !was_pending) {
        struct timespec at_once = {0};
        sigtimedwait(&pipe_signal, NULL, &at_once);
    }
}
