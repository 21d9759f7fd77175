// SPDX-License-Identifier: Apache-2.0
//
// Waits for the link between W and R to carry packets.
//
// The end of a veth that comes up first has no carrier yet. The kernel takes note of the carrier later, from a work queue
// (net/core/link_watch.c), and until then drops what is sent at that end: the first answer of R's would be lost, and the
// command would wait a second or more for a retry. Linux 6.8 and newer do the pending work when they are asked for the
// link; older ones do it soon.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

/// The operational state (RFC 2863) in an RTM_NEWLINK message; -1 if it has none.
static int operational_state(const char *message, ssize_t length)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)message;
    if (length < (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)) || header->nlmsg_type != RTM_NEWLINK)
        return -1;
    const struct rtattr *attribute = IFLA_RTA(NLMSG_DATA(header));
    int rest = (int)length - (int)NLMSG_LENGTH(sizeof(struct ifinfomsg));
    for (; RTA_OK(attribute, rest); attribute = RTA_NEXT(attribute, rest))
        if (attribute->rta_type == IFLA_OPERSTATE && RTA_PAYLOAD(attribute) >= 1)
            return *(const unsigned char *)RTA_DATA(attribute);
    return -1;
}

int egress_wait_for_link(int netlink, int index)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } request = {.header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
                 .link = {.ifi_index = index}};
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int attempt = 0; attempt < 1000; attempt++) {
        _Alignas(struct nlmsghdr) char answer[8192];
        if (send(netlink, &request, sizeof request, 0) != (ssize_t)sizeof request)
            return -1;
        ssize_t length;
        do
            length = recv(netlink, answer, sizeof answer, 0);
        while (length < 0 && errno == EINTR);
        if (length < 0)
            return -1;
        if (operational_state(answer, length) == IF_OPER_UP)
            return 0;
        nanosleep(&pause, NULL);
    }
    errno = ETIMEDOUT;
    return -1;
}
