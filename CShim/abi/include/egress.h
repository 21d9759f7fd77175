// SPDX-License-Identifier: Apache-2.0
//
// egress.h: ask the policy engine of egress-run from any language. Link with -legress, or load libegress.so.
//
// - Deny is the default. A function that decides returns EGRESS_ALLOWED (1) or EGRESS_DENIED (0) and nothing else: a
//   bad handle, a null pointer, a malformed name and a full table are all denied, and the decision says which it was.
// - The caller owns all memory. Nothing that a function returns must be freed; what it is given is read during the
//   call and not kept. Texts have explicit lengths, need no NUL, and may hold any bytes.
// - Every function may be called from any thread at any time, egress_close among them. A handle is a number that is
//   never used again: after egress_close it is denied everything.
// - After fork(2) from a process with several threads, call nothing here before execve(2).
// - Nothing here opens a socket or sends anything, calls back, exits, or writes to a descriptor.

#ifndef EGRESS_H
#define EGRESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#pragma clang assume_nonnull begin
#define EGRESS_NULLABLE _Nullable
#else
#define EGRESS_NULLABLE
#endif

/// The version of this header. Within one version structs only grow, at their ends, and functions are only added.
#define EGRESS_ABI_VERSION 1

#define EGRESS_ALLOWED 1
#define EGRESS_DENIED 0

/// A policy that was opened; 0 is none.
typedef uint64_t egress_policy;

/// In egress_options.flags: allowed names may resolve to private addresses.
#define EGRESS_ALLOW_PRIVATE (UINT32_C(1) << 0)
/// In egress_options.flags: the machine's own names (localhost, names below it, its host name) may be looked up without
/// a rule. What they resolve to is not pinned: a connection needs a rule of its own.
#define EGRESS_LOCAL_NAMES (UINT32_C(1) << 1)
/// In egress_options.flags: a name is allowed as well if it is with one of the search domains of /etc/resolv.conf.
/// For a process whose connections something else holds.
#define EGRESS_SEARCH_DOMAINS (UINT32_C(1) << 2)
/// In egress_options.flags: egress_decision.line stays empty.
#define EGRESS_QUIET (UINT32_C(1) << 3)
/// In egress_options.flags: egress_decision.line tells what is allowed, too.
#define EGRESS_VERBOSE (UINT32_C(1) << 4)

/// What a policy is made of; rules from all sources add up, and deny rules win. Null stands for nothing.
typedef struct egress_options {
    /// sizeof(egress_options)
    size_t struct_size;
    /// A policy file, YAML or JSON.
    const char *EGRESS_NULLABLE path;
    size_t path_length;
    /// The content of a policy file.
    const char *EGRESS_NULLABLE text;
    size_t text_length;
    /// Rules as for --allow, separated by spaces or newlines.
    const char *EGRESS_NULLABLE allow;
    size_t allow_length;
    /// Rules as for --deny, separated by spaces or newlines.
    const char *EGRESS_NULLABLE deny;
    size_t deny_length;
    uint32_t flags;
    uint32_t reserved;
} egress_options;

/// Why. All texts are printable ASCII, end with NUL, and are cut to fit.
typedef struct egress_decision {
    /// sizeof(egress_decision), set by the caller before each call; no byte after it is written.
    size_t struct_size;
    /// The stable code of the reason, such as "allowed" or "host_not_allowlisted"; for a call that could not be
    /// followed "invalid_argument", "invalid_handle" or "invalid_policy".
    char reason[40];
    /// The rule that decided; empty when none did.
    char rule[304];
    /// For people: what was denied, why, and the rule that would permit it; empty when it was allowed.
    char message[256];
    /// The same as a whole line for standard error, the first time that this target is denied; else empty.
    char line[256];
} egress_decision;

/// EGRESS_ABI_VERSION of the library.
uint32_t egress_abi_version(void);

/// Opens a policy; 0 with the reason in `ret_decision` when any part of it cannot be read whole.
egress_policy egress_open(const egress_options *EGRESS_NULLABLE options,
                          egress_decision *EGRESS_NULLABLE ret_decision);

/// Closes a policy. Calls that run meanwhile on other threads end as they would have; any later one is denied.
void egress_close(egress_policy policy);

/// Writes the class of an address ("global", "loopback", "privateUse", "linkLocal", "metadata", ...) given as text
/// without brackets, NUL included, into `ret_class`. Returns its length, or 0 when the text is no canonical address or
/// `capacity` is too small (32 is enough).
size_t egress_classify_address(const char *EGRESS_NULLABLE address, size_t length, char *EGRESS_NULLABLE ret_class,
                               size_t capacity);

/// Whether a name may be resolved.
int egress_decide_host(egress_policy policy, const char *EGRESS_NULLABLE host, size_t length,
                       egress_decision *EGRESS_NULLABLE ret_decision);

/// Whether records of a type (a number as in DNS: 16 is TXT) may be asked of a name. A and AAAA may of every allowed
/// name, others if the policy lists them.
int egress_decide_record(egress_policy policy, const char *EGRESS_NULLABLE host, size_t length, uint16_t type,
                         egress_decision *EGRESS_NULLABLE ret_decision);

/// Whether a DNS query may be sent, given as a whole message: each question as in egress_decide_record.
int egress_decide_query(egress_policy policy, const uint8_t *EGRESS_NULLABLE message, size_t length,
                        egress_decision *EGRESS_NULLABLE ret_decision);

/// Whether an allowed name may be an alias (CNAME) of this one; only a deny rule says no.
int egress_decide_alias(egress_policy policy, const char *EGRESS_NULLABLE host, size_t length,
                        egress_decision *EGRESS_NULLABLE ret_decision);

/// Validates the addresses that a name was resolved to, the whole set at once, and pins them to it if all are allowed:
/// egress_decide_connect then allows them on the ports that the name's rules allow.
///
/// `addresses` holds `count` times 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. The pins hold for `lifetime`
/// seconds, the time to live of the answer, which is cut to 60, and a grace of 30 more.
int egress_pin(egress_policy policy, const char *EGRESS_NULLABLE host, size_t length,
               const uint8_t *EGRESS_NULLABLE addresses, size_t count, uint32_t lifetime,
               egress_decision *EGRESS_NULLABLE ret_decision);

/// Validates the answer to a DNS query, given as a whole message: its aliases as in egress_decide_alias, its addresses
/// as in egress_pin. An answer without addresses is allowed and pins nothing.
int egress_pin_answer(egress_policy policy, const uint8_t *EGRESS_NULLABLE message, size_t length,
                      egress_decision *EGRESS_NULLABLE ret_decision);

/// Whether one may connect or send to an address, given as text without brackets; `protocol` is IPPROTO_TCP (6, or 262
/// for MPTCP) or IPPROTO_UDP (17).
int egress_decide_connect(egress_policy policy, const char *EGRESS_NULLABLE address, size_t length, uint16_t port,
                          int protocol, egress_decision *EGRESS_NULLABLE ret_decision);

/// The same for a sockaddr_in or sockaddr_in6 of `length` bytes. AF_UNSPEC is read as AF_INET, as the kernel does for UDP;
/// every other family is denied.
int egress_decide_sockaddr(egress_policy policy, const void *EGRESS_NULLABLE address, size_t length, int protocol,
                           egress_decision *EGRESS_NULLABLE ret_decision);

/// Whether an http, https, ws or wss URL may be fetched: no user name or password, a host that may be resolved or an
/// address that may be connected to, and a port that a rule allows. It resolves nothing: pin and connect still decide.
int egress_decide_url(egress_policy policy, const char *EGRESS_NULLABLE url, size_t length,
                      egress_decision *EGRESS_NULLABLE ret_decision);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
