// SPDX-License-Identifier: Apache-2.0
//
// A thing is here for one of two reasons: Glibc's module map does not give it to Swift, or it must run between
// clone(2) and execve(2), where only async-signal-safe C may run.

#ifndef EGRESS_CLINUX_H
#define EGRESS_CLINUX_H

#include <linux/filter.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "egress_calls.h"
#include "egress_confine.h"
#include "egress_notify.h"
#include "egress_probes.h"
#include "egress_rights.h"
#include "egress_sandbox.h"
#include "egress_sends.h"
#include "egress_terminal.h"

#endif
