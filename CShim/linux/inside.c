// SPDX-License-Identifier: Apache-2.0
//
// Which files are those of sockets that were bound inside.
//
// Theory of operation
//
// An inode's number says too little: a file system may give it again once the file is gone (FUSE and NFS even while we
// hold it open), and subvolumes of btrfs share numbers and device. So files are told apart by the kernel's own object: an
// inotify(7) instance has one watch for each inode, and says when another is asked for (IN_MASK_CREATE: EEXIST). A watch
// keeps its inode in memory, so no other file can come to be meant; it goes by itself with the file's last name. No event
// is ever waited for.
//
// To be let into the set, the file is taken from the socket that was bound (SIOCUNIXFILE, see `agent.c`) and not looked up
// by its name, which may lead elsewhere by then. What is not in the set is outside, whatever else is known of it.

#define _GNU_SOURCE
#include "task.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { INSIDE, NAMED, SETS };
static int sets[SETS] = {-1, -1};
static const uint64_t *local;
static size_t local_count;

static int start(int set)
{
    if (sets[set] < 0)
        sets[set] = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return sets[set] < 0 ? -1 : 0;
}

/// Watches a file; -1 with errno.
static int watch(int set, int descriptor, uint32_t flags)
{
    char path[32];
    egress_descriptor_path(path, descriptor);
    return inotify_add_watch(sets[set], path, IN_DELETE_SELF | flags);
}

/// True if a file is in the set.
static int has(int set, int descriptor)
{
    int number = watch(set, descriptor, IN_MASK_CREATE);
    if (number >= 0)
        inotify_rm_watch(sets[set], number);
    return number < 0 && errno == EEXIST;
}

int egress_inside_start(void)
{
    return start(INSIDE);
}

int egress_inside_add(int descriptor)
{
    // Nobody reads what the watches tell, and it must not pile up.
    char events[4096];
    while (read(sets[INSIDE], events, sizeof events) > 0)
        ;
    return watch(INSIDE, descriptor, 0) < 0 ? -1 : 0;
}

int egress_is_inside(int descriptor)
{
    return has(INSIDE, descriptor);
}

int egress_named_start(void)
{
    return start(NAMED);
}

int egress_named_add(int descriptor)
{
    return watch(NAMED, descriptor, 0);
}

int egress_named_find(int descriptor)
{
    return sets[NAMED] >= 0 && has(NAMED, descriptor) ? watch(NAMED, descriptor, 0) : -1;
}

int egress_sets_keep(int **kept)
{
    int count = 0;
    for (int set = 0; set < SETS; set++)
        if (sets[set] >= 0)
            kept[count++] = &sets[set];
    return count;
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
