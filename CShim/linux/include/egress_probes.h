// SPDX-License-Identifier: Apache-2.0
//
// Questions about what the kernel offers: system calls without a libc wrapper.

#ifndef EGRESS_PROBES_H
#define EGRESS_PROBES_H

#include <sys/types.h>

/// 0 if the kernel has seccomp notifications (SECCOMP_GET_NOTIF_SIZES), else the errno.
int egress_probe_seccomp_notification(void);

/// 0 if a filter with a notification listener can be loaded, with `SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV` if `killable`,
/// else the errno: EBUSY when a filter in force has a listener already. A child that then ends tries it.
int egress_probe_seccomp_listener(int killable);

/// The version of the Landlock ABI; -1 with errno.
int egress_probe_landlock(void);

#endif
