// SPDX-License-Identifier: Apache-2.0
//
// A thing is here for one of two reasons: Glibc's module map does not give it to Swift, or it must run between
// clone(2) and execve(2), where only async-signal-safe C may run.

#ifndef EGRESS_CLINUX_H
#define EGRESS_CLINUX_H

#include <linux/capability.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/veth.h>
#include <linux/virtio_net.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "egress_calls.h"
#include "egress_sandbox.h"

#endif
