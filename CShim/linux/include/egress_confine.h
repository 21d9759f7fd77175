// SPDX-License-Identifier: Apache-2.0
//
// Giving up what the supervisor needs no more, once the command is there.

#ifndef EGRESS_CONFINE_H
#define EGRESS_CONFINE_H

#include <linux/filter.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Enters the command's user namespace, keeps of its capabilities what the command has, hides our memory, and loads a
/// seccomp filter. For good, and for the one thread that there is. NULL, or what failed, with errno.
const char *_Nullable egress_confine(int user_namespace, uint64_t capabilities, const struct sock_fprog *filter);

#pragma clang assume_nonnull end

#endif
