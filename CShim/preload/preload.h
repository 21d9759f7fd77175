// SPDX-License-Identifier: Apache-2.0
//
// What the files of libegress-preload.so share. They intercept and ask; every decision is the engine's.

#ifndef EGRESS_PRELOAD_H
#define EGRESS_PRELOAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Marks a hook; everything else in the library is hidden.
#define EGRESS_HOOK __attribute__((visibility("default")))

/// The function that a hook stands in front of, found once; null if the C library has none.
///
/// `cache` is the place to keep it. Finding it twice, from two threads, is harmless.
void *egress_next(const char *name, void *_Atomic *cache);

/// Whether the connections of this process are held by something else, and only its names are asked about.
bool egress_names_only(void);

/// Whether a name may be looked up.
bool egress_may_resolve(const char *name);

/// Whether records of a type may be looked up.
bool egress_may_resolve_record(const char *name, int type);

/// Whether a DNS query may be sent.
bool egress_may_query(const unsigned char *message, size_t length);

/// Whether an allowed name may have this alias.
bool egress_may_alias(const char *name);

/// Validates and pins `count` addresses of 16 bytes each that a name was resolved to.
bool egress_accept_addresses(const char *name, const uint8_t (*addresses)[16], size_t count);

/// Validates and pins the addresses in an answer.
bool egress_accept_answer(const unsigned char *message, size_t length);

/// Whether one may connect or send to an address with a protocol.
bool egress_may_reach(const void *address, size_t length, int protocol);

#endif
