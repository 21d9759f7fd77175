// SPDX-License-Identifier: Apache-2.0
//
// Which files are those of sockets that were bound inside, and which are named.
//
// Theory of operation
//
// An inode's number says too little: a file system may give it again once the file is gone (FUSE and NFS even while we
// hold it open), and subvolumes of btrfs share numbers and device. So files are told apart by the kernel's own object: an
// inotify(7) instance has one watch for each inode, and its number. A file is a member if its watch has a number that was
// noted when the file was added. A watch keeps its inode in memory, so no other file can come to be meant; it goes by itself
// with the file's last name. Asking makes a watch too, and takes it away again: one that stays behind, because its asker
// was killed, is in no table, and so means nothing.
//
// The supervisor asks about files of local file systems, and the one reader there is at a time about all others, which may
// be long in answering. Each has instances of its own, that no other process uses; the numbers that the reader noted lie in
// memory that its successor has as well.
//
// To be let into the set, the file is taken from the socket that was bound (SIOCUNIXFILE, see `agent.c`) and not looked up
// by its name, which may lead elsewhere by then. What is not in the set is outside, whatever else is known of it.

#define _GNU_SOURCE
#include "task.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INSIDE, NAMED, SETS };
enum { MEMBERS = 4096, PILE = 4096 };

/// Numbers of watches are given in turn and used again after the last (idr_alloc_cyclic): long before, nothing is a member.
enum { LAST_NUMBER = 1 << 30 };

/// The members of a set, as one side knows them. In memory that a reader's successor has, too.
struct set {
    int count;
    int numbers[MEMBERS];
    int names[MEMBERS]; ///< of those that are named
    int pile; ///< watches that were taken away since events were read
    int is_spent;
};

enum { SUPERVISOR, READER, SIDES };
static struct set *sets; // of the supervisor, then of the reader
static int instances[SIDES][SETS] = {{-1, -1}, {-1, -1}};
static int side = SUPERVISOR;
static const uint64_t *local;
static size_t local_count;

int egress_sets_start(int has_names)
{
    if (!sets) {
        void *memory =
            mmap(NULL, sizeof(struct set) * SETS * SIDES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return -1;
        sets = memory;
    }
    // No more instances than are needed: a user has 128 of them.
    for (int i = 0; i < SETS * SIDES; i++) {
        int *instance = &instances[i / SETS][i % SETS];
        if (*instance >= 0 || (i % SETS == NAMED && !has_names))
            continue;
        *instance = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (*instance < 0)
            return -1;
    }
    return 0;
}

int egress_sets_become_readers(int **kept)
{
    int count = 0;
    side = READER;
    for (int i = 0; sets && i < SETS; i++)
        if (instances[side][i] >= 0)
            kept[count++] = &instances[side][i];
    return count;
}

void egress_sets_forget(void)
{
    sets = NULL;
}

/// Where a number stands, or -1.
static int place(const struct set *set, int number)
{
    for (int i = 0; i < set->count; i++)
        if (set->numbers[i] == number)
            return i;
    return -1;
}

/// Reads what became of watches, and forgets members whose files are gone.
static void tidy(struct set *set, int instance)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t length;
    set->pile = 0;
    while ((length = read(instance, events, sizeof events)) > 0) {
        const struct inotify_event *event;
        for (char *at = events; at < events + length; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)(void *)at;
            int member = event->mask & IN_IGNORED ? place(set, event->wd) : -1;
            if (member < 0)
                continue;
            set->count--;
            set->numbers[member] = set->numbers[set->count];
            set->names[member] = set->names[set->count];
        }
    }
}

/// The watch of a file; -1 with errno.
static int watch(struct set *set, int instance, int descriptor)
{
    char path[32];
    egress_descriptor_path(path, descriptor);
    int number = inotify_add_watch(instance, path, IN_DELETE_SELF);
    // Who may not read a file may connect to it all the same.
    if (number < 0 && errno == EACCES && egress_read_begin()) {
        number = inotify_add_watch(instance, path, IN_DELETE_SELF);
        egress_read_end();
    }
    if (number >= LAST_NUMBER)
        set->is_spent = 1;
    if (!set->is_spent)
        return number;
    errno = ENOSPC;
    return -1;
}

/// The name of a member; -1 of all else.
static int find(int which, int descriptor)
{
    struct set *set = sets ? &sets[side * SETS + which] : NULL;
    if (!set || set->count == 0)
        return -1;
    int instance = instances[side][which], number = watch(set, instance, descriptor);
    int member = number < 0 ? -1 : place(set, number);
    if (member >= 0)
        return set->names[member];
    if (number >= 0)
        inotify_rm_watch(instance, number);
    if (++set->pile >= PILE)
        tidy(set, instance);
    return -1;
}

static int add(int whose, int which, int descriptor, int name)
{
    if (!sets) {
        errno = EBADF;
        return -1;
    }
    struct set *set = &sets[whose * SETS + which];
    int instance = instances[whose][which];
    if (instance < 0) {
        errno = EBADF;
        return -1;
    }
    tidy(set, instance);
    int number = watch(set, instance, descriptor);
    if (number < 0 || place(set, number) >= 0)
        return number < 0 ? -1 : 0;
    if (set->count == MEMBERS) {
        inotify_rm_watch(instance, number);
        errno = ENOSPC;
        return -1;
    }
    set->numbers[set->count] = number;
    set->names[set->count] = name;
    set->count++;
    return 0;
}

int egress_inside_add(int descriptor)
{
    return add(side, INSIDE, descriptor, 0);
}

int egress_is_inside(int descriptor)
{
    return find(INSIDE, descriptor) >= 0;
}

int egress_named_add(int descriptor, int name)
{
    return add(SUPERVISOR, NAMED, descriptor, name) < 0 ? -1 : add(READER, NAMED, descriptor, name);
}

int egress_named_find(int descriptor)
{
    return find(NAMED, descriptor);
}

void egress_local_mounts(const uint64_t *ids, size_t count)
{
    local = ids;
    local_count = count;
}

int egress_knows_mounts(void)
{
    return local != NULL;
}

int egress_is_local_mount(uint64_t id)
{
    size_t low = 0, high = local_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (local[middle] == id)
            return 1;
        if (local[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}
