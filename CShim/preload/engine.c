// SPDX-License-Identifier: Apache-2.0
//
// How libegress-preload.so works
//
// A program that never uses the network pays for this small library only: the environment is copied, and that is all.
// The first call of a hook loads libegress.so, which lies beside this library and brings its own Swift runtime
// (RTLD_LOCAL: none of its symbols are seen by the program, be that Swift itself), and opens the policy.
//
// Every question to the engine is a session: signals are blocked, cancellation is off, one lock is held. So no
// signal handler runs inside of the engine and asks again, and fork(2), which takes the lock as well, never copies an
// engine in the middle of a decision. A lock that does not come free (a process made by clone(2) or _Fork(3), which know
// no handlers) is waited for with a limit. errno is what it was before.
//
// What fails is denied: no engine, no policy, no lock. The library keeps no descriptor and no thread, allocates nothing
// of the program's, and never ends the process.
//
// It loads into a program with musl as well, which ignores what it does not know of an ELF file. The engine cannot
// run there; every call is refused, with a line that says so.
//
// What libc does inside getaddrinfo(3), such as asking a DNS server, does not pass through the hooks: libc binds
// its own calls to itself (glibc 2.34 and later have the resolver inside).

#include "preload.h"

#include "egress.h"
#include "settings.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

extern char **environ;

extern const char *gnu_get_libc_version(void) __attribute__((weak));

// pthread_atfork(3) lies in a static part of glibc that calls this; musl has only pthread_atfork itself.
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));

static struct {
    typeof(egress_abi_version) *abi_version;
    typeof(egress_open) *open;
    typeof(egress_decide_host) *decide_host;
    typeof(egress_decide_record) *decide_record;
    typeof(egress_decide_query) *decide_query;
    typeof(egress_decide_alias) *decide_alias;
    typeof(egress_pin) *pin;
    typeof(egress_pin_answer) *pin_answer;
    typeof(egress_decide_sockaddr) *decide_sockaddr;
} engine;

/// What the lock guards: all that is static here.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum { UNREAD, UNLOADED, READY, BROKEN } state = UNREAD;
static struct egress_settings settings;
static egress_policy policy;
static atomic_int scope; // 0 unknown, 1 all, 2 names only

/// One stay inside of the engine.
struct session {
    sigset_t signals;
    int cancellation;
    int error;
    egress_decision decision;
    /// What to tell when the session is over; empty for nothing.
    char line[512];
};

/// The session of a thread that is forking; guarded by the lock.
static struct session forking;
/// Whether this thread is forking with the lock; without it the child is left to the limit on waiting.
static _Thread_local bool holds_lock;

static void block(struct session *session)
{
    session->error = errno;
    sigset_t all;
    sigfillset(&all);
    // A fault of ours must be as deadly as without us, and SIGSYS may be how a sandbox performs system calls.
    const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&all, kept[i]);
    pthread_sigmask(SIG_SETMASK, &all, &session->signals);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &session->cancellation);
}

static void unblock(struct session *session)
{
    int ignored;
    pthread_setcancelstate(session->cancellation, &ignored);
    pthread_sigmask(SIG_SETMASK, &session->signals, NULL);
    errno = session->error;
}

static bool take_lock(void)
{
    if (pthread_mutex_trylock(&lock) == 0)
        return true;
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    return pthread_mutex_timedlock(&lock, &limit) == 0;
}

static void before_fork(void)
{
    struct session session;
    block(&session);
    holds_lock = take_lock();
    if (holds_lock)
        forking = session;
    else
        unblock(&session);
}

static void after_fork(void)
{
    if (!holds_lock)
        return;
    holds_lock = false;
    struct session session = forking;
    session.error = errno;
    pthread_mutex_unlock(&lock);
    unblock(&session);
}

static void read_settings(void)
{
    egress_read_settings(&settings);
    state = UNLOADED;
    atomic_store(&scope, settings.names_only ? 2 : 1);
    if (__register_atfork != NULL)
        __register_atfork(before_fork, after_fork, after_fork, NULL);
}

/// Remembers for good that no question can be answered, and why.
static void give_up(struct session *session, const char *why, const char *detail)
{
    state = BROKEN;
    snprintf(session->line, sizeof session->line, "egress-run: every network call is refused: %s%s", why, detail);
}

/// Finds the functions of libegress.so, all of them or none.
static bool bind_functions(void *library)
{
#define BIND(name) ((engine.name = dlsym(library, "egress_" #name)) != NULL)
    return BIND(abi_version) && BIND(open) && BIND(decide_host) && BIND(decide_record) && BIND(decide_query) &&
           BIND(decide_alias) && BIND(pin) && BIND(pin_answer) && BIND(decide_sockaddr) &&
           engine.abi_version() == EGRESS_ABI_VERSION;
#undef BIND
}

static size_t length_of(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

/// Loads the engine and opens the policy.
static void open_engine(struct session *session)
{
    // $ORIGIN is the directory of the caller's file: of this library, wherever the program has gone since.
    void *library = dlopen("$ORIGIN/libegress.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL) {
        const char *error = dlerror();
        give_up(session, "the engine can't be loaded: ", error ? error : "unknown error");
        return;
    }
    if (!bind_functions(library)) {
        give_up(session, "libegress.so is of another version than libegress-preload.so", "");
        return;
    }
    egress_options options = {
        .struct_size = sizeof options,
        .path = settings.policy,
        .path_length = length_of(settings.policy),
        .allow = settings.allow,
        .allow_length = length_of(settings.allow),
        .deny = settings.deny,
        .deny_length = length_of(settings.deny),
        .flags = settings.flags,
    };
    policy = engine.open(&options, &session->decision);
    if (policy == 0)
        give_up(session, session->decision.message, "");
    else
        state = READY;
}

static void load(struct session *session)
{
    if (gnu_get_libc_version == NULL) {
        give_up(session, "this program's C library is not glibc (musl?), and the engine can't be loaded into it", "");
        return;
    }
    if (settings.problem != NULL) {
        give_up(session, settings.problem, "");
        return;
    }
    // The Swift runtime reads its switches from the environment, and does not expect what clearenv(3) leaves.
    static char *nothing[] = {NULL};
    char **environment = environ;
    if (environment == NULL)
        environ = nothing;
    open_engine(session);
    if (environment == NULL)
        environ = NULL;
}

/// Enters the engine, loading it if need be; false if there is none. To be ended with leave() either way.
static bool enter(struct session *session)
{
    block(session);
    session->line[0] = '\0';
    session->decision.struct_size = sizeof session->decision;
    session->decision.line[0] = '\0';
    if (!take_lock()) {
        // Marks a session that holds no lock.
        session->decision.struct_size = 0;
        return false;
    }
    if (state == UNREAD)
        read_settings();
    if (state == UNLOADED)
        load(session);
    return state == READY;
}

/// Leaves the engine and tells what there is to tell; hands through the answer.
static bool leave(struct session *session, bool is_allowed)
{
    if (session->decision.struct_size != 0)
        pthread_mutex_unlock(&lock);
    if (session->line[0] != '\0')
        egress_tell(session->line);
    else if (session->decision.line[0] != '\0')
        egress_tell(session->decision.line);
    unblock(session);
    return is_allowed;
}

#define ASK(function, ...)                                                                                             \
    struct session session;                                                                                            \
    return leave(&session, enter(&session) && engine.function(policy, __VA_ARGS__, &session.decision) == EGRESS_ALLOWED)

bool egress_may_resolve(const char *name)
{
    ASK(decide_host, name, strlen(name));
}

bool egress_may_resolve_record(const char *name, int type)
{
    ASK(decide_record, name, strlen(name), (uint16_t)type);
}

bool egress_may_query(const unsigned char *message, size_t length)
{
    ASK(decide_query, message, length);
}

bool egress_may_alias(const char *name)
{
    ASK(decide_alias, name, strlen(name));
}

bool egress_accept_addresses(const char *name, const uint8_t (*addresses)[16], size_t count)
{
    // libc does not say how long an answer lives; the engine bounds this.
    ASK(pin, name, strlen(name), &addresses[0][0], count, UINT32_MAX);
}

bool egress_accept_answer(const unsigned char *message, size_t length)
{
    ASK(pin_answer, message, length);
}

bool egress_may_reach(const void *address, size_t length, int protocol)
{
    ASK(decide_sockaddr, address, length, protocol);
}

bool egress_names_only(void)
{
    int known = atomic_load_explicit(&scope, memory_order_relaxed);
    if (known == 0) {
        // A call from before our constructor.
        struct session session;
        leave(&session, enter(&session));
        known = atomic_load(&scope);
    }
    return known == 2;
}

void *egress_next(const char *name, void *_Atomic *cache)
{
    void *function = atomic_load_explicit(cache, memory_order_relaxed);
    if (function == NULL) {
        int saved = errno;
        function = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(cache, function, memory_order_relaxed);
        errno = saved;
    }
    return function;
}

__attribute__((constructor)) static void start(void)
{
    // No session: every process pays for what is done here. Who has a handler or a thread this early, and uses the network
    // in it, has asked by now or waits for the lock.
    if (pthread_mutex_trylock(&lock) != 0)
        return;
    if (state == UNREAD)
        read_settings();
    pthread_mutex_unlock(&lock);
}
