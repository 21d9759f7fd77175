// SPDX-License-Identifier: Apache-2.0
//
// The hooks of look-ups by name. A name is asked about before libc looks it up; the whole answer is validated and pinned
// before the program gets it. What libc itself reads as an address needs no look-up: connecting to it is asked about.

#include "preload.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

typedef int getaddrinfo_function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef struct hostent *gethostbyname_function(const char *);
typedef struct hostent *gethostbyname2_function(const char *, int);
typedef int gethostbyname_r_function(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
typedef int gethostbyname2_r_function(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);

static void *_Atomic next_getaddrinfo, *_Atomic next_gethostbyname, *_Atomic next_gethostbyname2;
static void *_Atomic next_gethostbyname_r, *_Atomic next_gethostbyname2_r;

#define NEXT(name) ((name##_function *)egress_next(#name, &next_##name))

/// Addresses of one answer that are kept on the stack.
enum { NEAR = 64 };

typedef uint8_t address_bytes[16];

/// Writes an address of 4 or 16 bytes as 16.
static void write_address(address_bytes place, const void *bytes, bool is_v6)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (is_v6) {
        memcpy(place, bytes, 16);
    } else {
        memcpy(place, mapped, sizeof mapped);
        memcpy(place + sizeof mapped, bytes, 4);
    }
}

/// Whether libc reads the text as an address. This asks nobody.
static bool is_address(const char *text)
{
    int saved = errno;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    bool is_numeric = NEXT(getaddrinfo)(text, NULL, &hints, &list) == 0;
    if (is_numeric)
        freeaddrinfo(list);
    errno = saved;
    return is_numeric;
}

static bool accept_alias(const char *name, const char *alias)
{
    return alias == NULL || strcasecmp(alias, name) == 0 || egress_may_alias(alias);
}

static bool accept_list(const char *name, const struct addrinfo *list)
{
    size_t count = 0;
    for (const struct addrinfo *entry = list; entry != NULL; entry = entry->ai_next)
        count++;
    address_bytes near_addresses[NEAR];
    address_bytes *addresses = count <= NEAR ? near_addresses : malloc(count * sizeof *addresses);
    if (addresses == NULL)
        return false;
    size_t index = 0;
    for (const struct addrinfo *entry = list; entry != NULL; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET)
            write_address(addresses[index++], &((struct sockaddr_in *)entry->ai_addr)->sin_addr, false);
        else if (entry->ai_family == AF_INET6)
            write_address(addresses[index++], &((struct sockaddr_in6 *)entry->ai_addr)->sin6_addr, true);
    }
    bool is_accepted = egress_accept_addresses(name, (const address_bytes *)addresses, index);
    if (addresses != near_addresses)
        free(addresses);
    return is_accepted;
}

EGRESS_HOOK int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                            struct addrinfo **result)
{
    getaddrinfo_function *next = NEXT(getaddrinfo);
    if (name == NULL || (hints != NULL && hints->ai_flags & AI_NUMERICHOST) || is_address(name))
        return next(name, service, hints, result);
    if (!egress_may_resolve(name))
        return EAI_NONAME;
    // What getaddrinfo(3) says null stands for, and the end of the chain of aliases.
    struct addrinfo wanted = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
    if (hints != NULL)
        wanted = *hints;
    bool wants_alias = wanted.ai_flags & AI_CANONNAME;
    wanted.ai_flags |= AI_CANONNAME;
    int code = next(name, service, &wanted, result);
    if (code != 0)
        return code;
    struct addrinfo *list = *result;
    if (!accept_alias(name, list->ai_canonname) || !accept_list(name, list)) {
        freeaddrinfo(list);
        return EAI_NONAME;
    }
    if (!wants_alias) {
        free(list->ai_canonname);
        list->ai_canonname = NULL;
    }
    return 0;
}

static bool accept_entry(const char *name, const struct hostent *entry)
{
    if (!accept_alias(name, entry->h_name))
        return false;
    for (char **alias = entry->h_aliases; alias != NULL && *alias != NULL; alias++) {
        if (!accept_alias(name, *alias))
            return false;
    }
    size_t count = 0;
    while (entry->h_addr_list[count] != NULL)
        count++;
    address_bytes near_addresses[NEAR];
    address_bytes *addresses = count <= NEAR ? near_addresses : malloc(count * sizeof *addresses);
    if (addresses == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        write_address(addresses[i], entry->h_addr_list[i], entry->h_addrtype == AF_INET6);
    bool is_accepted = egress_accept_addresses(name, (const address_bytes *)addresses, count);
    if (addresses != near_addresses)
        free(addresses);
    return is_accepted;
}

static bool is_free(const char *name)
{
    return name == NULL || is_address(name);
}

static struct hostent *finish(const char *name, struct hostent *entry)
{
    if (entry == NULL || accept_entry(name, entry))
        return entry;
    h_errno = HOST_NOT_FOUND;
    return NULL;
}

EGRESS_HOOK struct hostent *gethostbyname(const char *name)
{
    if (is_free(name))
        return NEXT(gethostbyname)(name);
    if (egress_may_resolve(name))
        return finish(name, NEXT(gethostbyname)(name));
    h_errno = HOST_NOT_FOUND;
    return NULL;
}

EGRESS_HOOK struct hostent *gethostbyname2(const char *name, int family)
{
    if (is_free(name))
        return NEXT(gethostbyname2)(name, family);
    if (egress_may_resolve(name))
        return finish(name, NEXT(gethostbyname2)(name, family));
    h_errno = HOST_NOT_FOUND;
    return NULL;
}

/// What the _r forms return for a name that does not exist: success, without an entry.
static int not_found(struct hostent **result, int *error)
{
    *result = NULL;
    *error = HOST_NOT_FOUND;
    return 0;
}

EGRESS_HOOK int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                                struct hostent **result, int *error)
{
    gethostbyname_r_function *next = NEXT(gethostbyname_r);
    if (is_free(name))
        return next(name, entry, buffer, size, result, error);
    if (!egress_may_resolve(name))
        return not_found(result, error);
    int code = next(name, entry, buffer, size, result, error);
    if (code != 0 || *result == NULL || accept_entry(name, *result))
        return code;
    return not_found(result, error);
}

EGRESS_HOOK int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                                 struct hostent **result, int *error)
{
    gethostbyname2_r_function *next = NEXT(gethostbyname2_r);
    if (is_free(name))
        return next(name, family, entry, buffer, size, result, error);
    if (!egress_may_resolve(name))
        return not_found(result, error);
    int code = next(name, family, entry, buffer, size, result, error);
    if (code != 0 || *result == NULL || accept_entry(name, *result))
        return code;
    return not_found(result, error);
}
