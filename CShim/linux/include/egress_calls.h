// SPDX-License-Identifier: Apache-2.0
//
// System calls and macros that Swift cannot call: variadic, without a libc wrapper, or written as macros.

#ifndef EGRESS_CALLS_H
#define EGRESS_CALLS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// memfd_create(2), close-on-exec; -1 with errno.
int egress_memory_file(const char *name);

/// openat2(2) with O_PATH and RESOLVE_NO_SYMLINKS; -1 with errno.
int egress_open_without_links(const char *path);

/// accept4(2), non-blocking and close-on-exec, storing the peer in `peer`; -1 with errno.
int egress_accept(int socket, struct sockaddr_storage *peer);

/// Has SIGCONT sent to the calling process at `time` (CLOCK_MONOTONIC, nanoseconds); -1 with errno. A second call moves it.
int egress_continue_at(uint64_t time);

/// pidfd_send_signal(2); -1 with errno.
int egress_pidfd_send_signal(int pidfd, int signal);

/// pidfd_getfd(2): a duplicate of another process's descriptor, close-on-exec; -1 with errno.
int egress_pidfd_getfd(int pidfd, int descriptor);

/// Waits for a child to end until `time` (CLOCK_MONOTONIC, nanoseconds) and reaps it: 0, or -1 if it has not ended by then.
int egress_reap(pid_t pid, uint64_t time);

/// Makes the orphans below this process its children, PR_SET_CHILD_SUBREAPER of prctl(2); -1 with errno.
int egress_adopt_orphans(void);

/// Receives one report: at most `capacity` bytes into `buffer` and at most `*count` descriptors, made close-on-exec;
/// `*count` becomes their number. Returns the length, 0 at end-of-file, -1 with errno.
ssize_t egress_receive_descriptors(int socket, void *buffer, size_t capacity, int *descriptors, size_t *count);

/// Sends a message with two descriptors (-1: none); -1 with errno.
int egress_send_with_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int flags);

/// The same with one, without waiting.
int egress_send_with_descriptor(int socket, const void *bytes, size_t count, int descriptor);

/// The message's destination address, from IP_PKTINFO or IPV6_PKTINFO, as 4 or 16 bytes in `address`; returns its
/// length, 0 if there was none. `name` receives the sender.
ssize_t egress_receive_with_destination(int socket, void *buffer, size_t capacity, struct sockaddr_storage *name,
                                        uint8_t *address, size_t *address_length);

/// Sends a datagram to `name` from the address `source` of `length` 4 or 16 bytes; -1 with errno.
ssize_t egress_send_from(int socket, const void *bytes, size_t count, const struct sockaddr_storage *name,
                         const uint8_t *source, size_t length);

/// What an open descriptor is.
struct egress_description {
    uint32_t mode;  ///< as stat(2) has it; of anonymous inodes without a type
    int flags;      ///< F_GETFL of fcntl(2)
    uint32_t major; ///< of a device
    uint32_t minor;
    uint64_t mount; ///< the id of its mount, as in mountinfo; 0 where it can't be told
};

/// Describes a descriptor without asking a file server (statx(2)); -1 with errno.
int egress_describe(int fd, struct egress_description *description);

/// The kind of file system that a descriptor is of, f_type of statfs(2); -1 with errno.
int64_t egress_file_system(int fd);

/// The device number of a terminal, as the kernel packs it for its users (TIOCGDEV): of the one behind /dev/tty, too. -1 with
/// errno.
int64_t egress_terminal_number(int fd);

/// True if `fd` is a socket that no command may inherit: any but a connected AF_UNIX stream or seqpacket socket.
int egress_is_foreign_socket(int fd);

/// openat2(2) with O_PATH of what a path leads to for a process whose root directory is `root` (RESOLVE_IN_ROOT); -1 with
/// errno.
int egress_open_in_root(int root, const char *path);

/// The network namespace that a socket was made in, close-on-exec (SIOCGSKNS); -1 with errno.
int egress_socket_namespace(int socket);

#pragma clang assume_nonnull end

#endif
