// SPDX-License-Identifier: Apache-2.0
//
// The hooks of resolver(3): queries made by hand. Each name has two symbols, because <resolv.h> renames some functions to
// their __ forms; both are hooked, and the C library is asked for the form it has.

#include "preload.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

// Not <resolv.h>, which would rename the functions that are defined here.
typedef void *state;
typedef unsigned char byte;

/// The next function of that name, or of its __ form.
static void *next_of(const char *name, void *_Atomic *cache)
{
    char reserved[32];
    void *function = egress_next(name, cache);
    if (function != NULL)
        return function;
    snprintf(reserved, sizeof reserved, "__%s", name);
    return egress_next(reserved, cache);
}

#define NEXT(name, ...)                                                                                                \
    static void *_Atomic cache;                                                                                        \
    int (*next)(__VA_ARGS__) = (int (*)(__VA_ARGS__))next_of(name, &cache);                                            \
    if (next == NULL)                                                                                                  \
    return fail(NO_RECOVERY)

static int fail(int error)
{
    h_errno = error;
    return -1;
}

/// Hands through the length of an answer if its addresses are allowed.
///
/// resolver(3) gives a length that may be more than the room there was: what is cut off is not validated, so not given.
static int finish(byte *answer, int room, int length)
{
    if (length < 0)
        return length;
    if (length > room || !egress_accept_answer(answer, (size_t)length)) {
        if (answer != NULL && room > 0)
            memset(answer, 0, (size_t)room);
        return fail(HOST_NOT_FOUND);
    }
    return length;
}

static bool may_ask(const char *name, int type)
{
    return name == NULL || egress_may_resolve_record(name, type);
}

/// Whether a name in a domain may be asked for; a null domain adds nothing.
static bool may_ask_in(const char *name, const char *domain, int type)
{
    char joined[1100];
    if (name == NULL || domain == NULL)
        return may_ask(name, type);
    int length = snprintf(joined, sizeof joined, "%s.%s", name, domain);
    return length >= 0 && (size_t)length < sizeof joined && may_ask(joined, type);
}

static int query(const char *name, int class, int type, byte *answer, int room)
{
    NEXT("res_query", const char *, int, int, byte *, int);
    if (!may_ask(name, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(name, class, type, answer, room));
}

static int search(const char *name, int class, int type, byte *answer, int room)
{
    NEXT("res_search", const char *, int, int, byte *, int);
    if (!may_ask(name, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(name, class, type, answer, room));
}

static int query_domain(const char *name, const char *domain, int class, int type, byte *answer, int room)
{
    NEXT("res_querydomain", const char *, const char *, int, int, byte *, int);
    if (!may_ask_in(name, domain, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(name, domain, class, type, answer, room));
}

static int send_query(const byte *message, int length, byte *answer, int room)
{
    NEXT("res_send", const byte *, int, byte *, int);
    if (length < 0 || !egress_may_query(message, (size_t)length)) {
        errno = ECONNREFUSED;
        return fail(HOST_NOT_FOUND);
    }
    return finish(answer, room, next(message, length, answer, room));
}

static int nquery(state resolver, const char *name, int class, int type, byte *answer, int room)
{
    NEXT("res_nquery", state, const char *, int, int, byte *, int);
    if (!may_ask(name, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(resolver, name, class, type, answer, room));
}

static int nsearch(state resolver, const char *name, int class, int type, byte *answer, int room)
{
    NEXT("res_nsearch", state, const char *, int, int, byte *, int);
    if (!may_ask(name, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(resolver, name, class, type, answer, room));
}

static int nquery_domain(state resolver, const char *name, const char *domain, int class, int type, byte *answer,
                         int room)
{
    NEXT("res_nquerydomain", state, const char *, const char *, int, int, byte *, int);
    if (!may_ask_in(name, domain, type))
        return fail(HOST_NOT_FOUND);
    return finish(answer, room, next(resolver, name, domain, class, type, answer, room));
}

static int nsend_query(state resolver, const byte *message, int length, byte *answer, int room)
{
    NEXT("res_nsend", state, const byte *, int, byte *, int);
    if (length < 0 || !egress_may_query(message, (size_t)length)) {
        errno = ECONNREFUSED;
        return fail(HOST_NOT_FOUND);
    }
    return finish(answer, room, next(resolver, message, length, answer, room));
}

/// Exports a function under both of its names.
#define EXPORT(name, function, parameters, arguments)                                                                  \
    EGRESS_HOOK int name parameters                                                                                    \
    {                                                                                                                  \
        return function arguments;                                                                                     \
    }                                                                                                                  \
    EGRESS_HOOK int __##name parameters                                                                                \
    {                                                                                                                  \
        return function arguments;                                                                                     \
    }

EXPORT(res_query, query, (const char *name, int class, int type, byte *answer, int room),
       (name, class, type, answer, room))
EXPORT(res_search, search, (const char *name, int class, int type, byte *answer, int room),
       (name, class, type, answer, room))
EXPORT(res_querydomain, query_domain,
       (const char *name, const char *domain, int class, int type, byte *answer, int room),
       (name, domain, class, type, answer, room))
EXPORT(res_send, send_query, (const byte *message, int length, byte *answer, int room),
       (message, length, answer, room))
EXPORT(res_nquery, nquery, (state resolver, const char *name, int class, int type, byte *answer, int room),
       (resolver, name, class, type, answer, room))
EXPORT(res_nsearch, nsearch, (state resolver, const char *name, int class, int type, byte *answer, int room),
       (resolver, name, class, type, answer, room))
EXPORT(res_nquerydomain, nquery_domain,
       (state resolver, const char *name, const char *domain, int class, int type, byte *answer, int room),
       (resolver, name, domain, class, type, answer, room))
EXPORT(res_nsend, nsend_query, (state resolver, const byte *message, int length, byte *answer, int room),
       (resolver, message, length, answer, room))
