// SPDX-License-Identifier: Apache-2.0
//
// The sandbox as C sees it: three plans, made before the first clone(2) and only read after it, and what the three
// processes report while they perform them. See `spawn.c` for the theory of operation.

#ifndef EGRESS_SANDBOX_H
#define EGRESS_SANDBOX_H

#include <linux/filter.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// What a step does; the fields of `egress_step` it reads stand behind it.
enum egress_step_kind {
    EGRESS_STEP_NETLINK,       ///< send `bytes`, one rtnetlink request, and read its acknowledgement
    EGRESS_STEP_MOUNT,         ///< mount(source, target, type, flags, options)
    EGRESS_STEP_MOUNT_SETATTR, ///< mount_setattr(target, attr_set = flags, attr_clr = clear, propagation), `recursive` or not
    EGRESS_STEP_WRITE,         ///< create or truncate `target` and write `bytes`
    EGRESS_STEP_DIRECTORY,     ///< make the directory `target`, readable by all
    EGRESS_STEP_LINK,          ///< make the symbolic link `target`, which leads to `source`
    EGRESS_STEP_TERMINAL,      ///< bind the terminal `source` at its own number, `index`, in the new devpts `target`
    EGRESS_STEP_ENTER,         ///< make `target` the working directory
    EGRESS_STEP_UNCHANGED,     ///< fail if poll(2) of `descriptor`, an open mountinfo, tells of a change
    EGRESS_STEP_FEATURE_OFF,   ///< switch the device feature `source` of the interface `target` off (ethtool)
};

/// Terminals from this number on keep no name: so many are opened, one after the other, to get at the number.
#define EGRESS_MAX_TERMINAL_INDEX 512

/// One step of a plan.
struct egress_step {
    enum egress_step_kind kind;
    const char *_Nullable what; ///< for the error: "mounting /proc"
    const char *_Nullable source;
    const char *_Nullable target;
    const char *_Nullable type;
    const char *_Nullable options;
    unsigned long flags;
    unsigned long clear;
    unsigned long propagation;
    int recursive;
    int descriptor;
    unsigned int index;
    void *_Nullable bytes;
    size_t count;
    size_t pid_offset; ///< where in `bytes` the pid of init belongs; 0 for nowhere
};

struct egress_option {
    int level;
    int name;
    const void *_Nullable value;
    socklen_t length;
};

/// A socket to be made in a namespace and handed to the supervisor.
struct egress_socket {
    const char *_Nullable what;
    int domain;
    int type;
    int protocol;
    const struct egress_option *_Nullable options;
    size_t option_count;
    struct sockaddr_storage address;
    socklen_t address_length; ///< 0: not bound
    int backlog;              ///< 0: not listening
};

/// What the agent needs to mint a listener on a port.
struct egress_listener {
    struct egress_socket socket;
    size_t port_offset; ///< of the port in `socket.address`
};

#define EGRESS_MAX_SOCKETS 64

/// Steps and sockets of one namespace, in order.
struct egress_namespace {
    const struct egress_step *_Nullable steps;
    size_t step_count;
    const struct egress_socket *_Nullable sockets;
    size_t socket_count; ///< at most EGRESS_MAX_SOCKETS
};

/// A Landlock ruleset (landlock(7)) without rules: what is handled is denied. All 0: none.
struct egress_landlock {
    uint64_t files;   ///< LANDLOCK_ACCESS_FS_*; LANDLOCK_ACCESS_FS_REFER is allowed everywhere
    uint64_t network; ///< LANDLOCK_ACCESS_NET_*
    uint64_t scoped;  ///< LANDLOCK_SCOPE_*
};

/// The command, as it is to be executed.
struct egress_command {
    char *_Nullable *_Nullable candidates; ///< paths to try, in the order of PATH; NULL-terminated
    char *_Nullable *_Nullable argv;
    char *_Nullable *_Nullable script_argv; ///< argv for /bin/sh when a candidate is ENOEXEC, as execvp(3) does; [1] is filled in
    char *_Nullable *_Nullable envp;
    struct rlimit descriptors; ///< RLIMIT_NOFILE as the caller had it
    int forbids_core_dumps;    ///< RLIMIT_CORE becomes 1, which forbids a dump to a pipe (core(5))
    sigset_t mask;             ///< signal mask as the caller had it
    uint64_t defaults;         ///< signals (bit n-1) to set back to SIG_DFL
    uint64_t ignored;          ///< signals to set back to SIG_IGN
    int terminal;              ///< the terminal to bring the command to the foreground of, or -1
    cap_t _Nullable capabilities; ///< what it keeps; also the bounding set
    uint64_t bounding;         ///< the same as a mask (bit = capability number)
    struct egress_landlock landlock;
    struct sock_fprog filter;  ///< the seccomp filter, loaded last
    int is_held;               ///< wait, all else done, for one byte before execve(2)
};

struct egress_sandbox {
    unsigned long agent_flags; ///< clone flags of the agent
    unsigned long init_flags;  ///< clone flags of init
    int agent_control;         ///< the children's ends of two SOCK_SEQPACKET pairs
    int init_control;
    int relay_netlink; ///< filled in by the agent for init: a netlink socket of R
    int link_index;    ///< of either end of the link
    struct egress_namespace relay_before; ///< in R, before init exists
    struct egress_namespace relay;        ///< in R, once init's namespaces exist
    struct egress_listener listeners[2];  ///< IPv4, IPv6; a zero domain: none
    struct egress_namespace mounts;       ///< in the worker's mount namespace
    struct egress_namespace worker;       ///< in W, once the link exists
    struct egress_command command;
};

enum egress_report_kind {
    EGRESS_REPORT_FAILED = 1,  ///< value: errno, what: the step; the process ends
    EGRESS_REPORT_READY,       ///< descriptors: the namespace's sockets; from the agent, value: pid of init
    EGRESS_REPORT_STARTED,     ///< descriptor: pidfd of the command
    EGRESS_REPORT_EXEC_FAILED, ///< value: errno
    EGRESS_REPORT_STOPPED,     ///< value: the signal
    EGRESS_REPORT_CONTINUED,
    EGRESS_REPORT_EXITED,   ///< value: wait status of the command
    EGRESS_REPORT_LISTENER, ///< value: errno or 0; descriptor: the listener
    EGRESS_REPORT_NOTIFICATIONS, ///< descriptor: the listener of the command's seccomp notifications
    EGRESS_REPORT_HELD,     ///< from a command that is held; descriptor: a pidfd of it
    EGRESS_REPORT_FILTERED, ///< from a command that is held; value: the number of its listener
};

struct egress_report {
    uint32_t kind;
    int32_t value;
    char what[120];
};

/// Instead of a family: for the file that the unix socket which comes along is bound to.
#define EGRESS_REQUEST_FILE 2

/// A request to the agent: a listener of `listeners[family]` on `port`, or a file, which is answered with
/// EGRESS_REPORT_LISTENER.
struct egress_request {
    uint32_t family;
    uint32_t port;
};

/// Clones the agent, which waits for one byte on its control socket (its id maps must be written first), performs its
/// plan, clones init and serves requests. Returns its pid, or -1 with errno. The caller ignores nothing: every failure
/// after this arrives as EGRESS_REPORT_FAILED.
pid_t egress_spawn(const struct egress_sandbox *sandbox);

/// Enters a Landlock domain, for which no_new_privs must be set; -1 with errno. Async-signal-safe.
int egress_enter_landlock(const struct egress_landlock *domain);

#pragma clang assume_nonnull end

#endif
