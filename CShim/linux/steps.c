// SPDX-License-Identifier: Apache-2.0
//
// Performs the steps of a plan; those about files and mounts are in mounts.c.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/// Sends one rtnetlink request and reads its acknowledgement; -1 with errno. `netlink` is the socket for all requests of
/// a process, which stays in one network namespace: it is opened for the first.
static int request_netlink(int *netlink, const void *request, size_t count)
{
    if (*netlink < 0)
        *netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (*netlink < 0 || send(*netlink, request, count, 0) != (ssize_t)count)
        return -1;
    // Room for the acknowledgement, which may quote the request.
    _Alignas(struct nlmsghdr) char answer[8192];
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    ssize_t length;
    do
        length = recv(*netlink, answer, sizeof answer, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -1;
    if ((size_t)length < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
    return errno == 0 ? 0 : -1;
}

/// Runs one ethtool command on an interface.
static int ethtool(int fd, const char *interface, void *command)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    for (size_t i = 0; interface[i] && i < sizeof request.ifr_name - 1; i++)
        request.ifr_name[i] = interface[i];
    request.ifr_data = command;
    return ioctl(fd, SIOCETHTOOL, &request);
}

#define MAX_FEATURES 256

/// The number of a device feature, which differs between kernels; -1 with errno.
static int find_feature(int fd, const char *interface, const char *feature, uint32_t *count)
{
    _Alignas(struct ethtool_sset_info) char sets[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = {0};
    struct ethtool_sset_info *info = (struct ethtool_sset_info *)sets;
    info->cmd = ETHTOOL_GSSET_INFO;
    info->sset_mask = 1ULL << ETH_SS_FEATURES;
    if (ethtool(fd, interface, info) < 0)
        return -1;
    errno = EOPNOTSUPP;
    if (info->sset_mask == 0 || info->data[0] > MAX_FEATURES)
        return -1;
    *count = info->data[0];

    _Alignas(struct ethtool_gstrings) char table[sizeof(struct ethtool_gstrings) + MAX_FEATURES * ETH_GSTRING_LEN] = {0};
    struct ethtool_gstrings *names = (struct ethtool_gstrings *)table;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = *count;
    if (ethtool(fd, interface, names) < 0)
        return -1;
    for (uint32_t i = 0; i < *count; i++)
        if (strncmp((const char *)names->data + i * ETH_GSTRING_LEN, feature, ETH_GSTRING_LEN) == 0)
            return (int)i;
    errno = EOPNOTSUPP;
    return -1;
}

static int switch_feature_off(const char *interface, const char *feature)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    uint32_t count = 0;
    int number = find_feature(fd, interface, feature, &count);
    int result = number < 0 ? -1 : 0;
    if (number >= 0) {
        _Alignas(struct ethtool_sfeatures) char
            change[sizeof(struct ethtool_sfeatures) + MAX_FEATURES / 32 * sizeof(struct ethtool_set_features_block)] = {0};
        struct ethtool_sfeatures *features = (struct ethtool_sfeatures *)change;
        features->cmd = ETHTOOL_SFEATURES;
        features->size = (count + 31) / 32;
        features->features[number / 32].valid = 1U << number % 32;
        // A positive result tells that other features changed along.
        result = ethtool(fd, interface, features) < 0 ? -1 : 0;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

static int perform_step(const struct egress_step *step, pid_t init, int *netlink)
{
    switch (step->kind) {
    case EGRESS_STEP_NETLINK: {
        char request[1024];
        if (step->count > sizeof request) {
            errno = EMSGSIZE;
            return -1;
        }
        memcpy(request, step->bytes, step->count);
        uint32_t pid = (uint32_t)init;
        if (step->pid_offset)
            memcpy(request + step->pid_offset, &pid, sizeof pid);
        return request_netlink(netlink, request, step->count);
    }
    case EGRESS_STEP_FEATURE_OFF:
        return switch_feature_off(step->target, step->source);
    default:
        return egress_perform_mount_step(step);
    }
}

int egress_make_socket(const struct egress_socket *spec)
{
    int fd = socket(spec->domain, spec->type | SOCK_CLOEXEC | SOCK_NONBLOCK, spec->protocol);
    if (fd < 0)
        return -1;
    for (size_t i = 0; i < spec->option_count; i++) {
        const struct egress_option *option = &spec->options[i];
        if (setsockopt(fd, option->level, option->name, option->value, option->length) < 0)
            goto fail;
    }
    if (spec->address_length && bind(fd, (const struct sockaddr *)&spec->address, spec->address_length) < 0)
        goto fail;
    if (spec->backlog && listen(fd, spec->backlog) < 0)
        goto fail;
    return fd;
fail:;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

void egress_perform(const struct egress_namespace *plan, pid_t init, int control, int *descriptors)
{
    int netlink = -1;
    for (size_t i = 0; i < plan->step_count; i++)
        if (perform_step(&plan->steps[i], init, &netlink) < 0)
            egress_fail(control, plan->steps[i].what);
    if (netlink >= 0)
        close(netlink);
    for (size_t i = 0; i < plan->socket_count && i < EGRESS_MAX_SOCKETS; i++) {
        descriptors[i] = egress_make_socket(&plan->sockets[i]);
        if (descriptors[i] < 0)
            egress_fail(control, plan->sockets[i].what);
    }
}
