// SPDX-License-Identifier: Apache-2.0
//
// What needs signal handlers, which may only call async-signal-safe C; and prctl(2), which is variadic.

#ifndef EGRESS_TERMINAL_H
#define EGRESS_TERMINAL_H

#include <stddef.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// Writes `prompt` to the controlling terminal and reads one line from there that is not shown, into `buffer`, without its
/// end. Returns its length; -1 with errno: ENXIO without a terminal, E2BIG for a line that a terminal cuts.
ssize_t egress_read_hidden(const char *prompt, void *buffer, size_t capacity);

/// Keeps the memory of this process from core dumps and from other processes of its user (PR_SET_DUMPABLE); -1 with errno.
int egress_hide_memory(void);

#pragma clang assume_nonnull end

#endif
