// SPDX-License-Identifier: Apache-2.0
//
// The Landlock domain of the command (landlock(7)): a second wall, where the kernel has it, behind namespaces and filter.
//
// Should: hold the calling process and all it starts, and fail where the kernel promised what it then does not do.
// Mustn't: take from the command what it natively may do with files.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The machine's headers may be older than its kernel: struct landlock_ruleset_attr as of ABI 6 (Linux 6.12). A kernel that knows
// less takes it as long as what it does not know is 0.
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

struct path_rule {
    uint64_t allowed_access;
    int32_t parent;
} __attribute__((packed));

enum { RULE_PATH_BENEATH = 1 };
#define ACCESS_FS_REFER (1ULL << 13)

/// A domain that handles any right on files forbids to move and link them between directories, handled or not, unless a rule
/// allows it: for all below "/", so that nothing is taken away.
static int allow_moving(int ruleset)
{
    struct path_rule rule = {.allowed_access = ACCESS_FS_REFER};
    rule.parent = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rule.parent < 0)
        return -1;
    int result = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0U);
    int saved = errno;
    close(rule.parent);
    errno = saved;
    return result;
}

int egress_enter_landlock(const struct egress_landlock *domain)
{
    if (!(domain->files | domain->network | domain->scoped))
        return 0;
    struct ruleset_attributes attributes = {domain->files, domain->network, domain->scoped};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0U);
    if (ruleset < 0)
        return -1;
    int result = domain->files & ACCESS_FS_REFER ? allow_moving(ruleset) : 0;
    if (result == 0)
        result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0U);
    int saved = errno;
    close(ruleset);
    errno = saved;
    return result;
}
