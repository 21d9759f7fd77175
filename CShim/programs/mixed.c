// SPDX-License-Identifier: Apache-2.0
//
// Sends one batch of datagrams whose first goes to an allowed address and whose second does not.
// usage: mixed ALLOWED PORT DENIED PORT
#include "program.h"

int main(int argc, char **argv)
{
    struct sockaddr_storage targets[2];
    struct iovec part = {.iov_base = (void *)(size_t) "mixed\n", .iov_len = 6};
    struct mmsghdr messages[2] = {0};

    if (argc < 5)
        return 2;
    for (int i = 0; i < 2; i++) {
        messages[i].msg_hdr.msg_namelen = parse_address(argv[1 + 2 * i], argv[2 + 2 * i], &targets[i]);
        messages[i].msg_hdr.msg_name = &targets[i];
        messages[i].msg_hdr.msg_iov = &part;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int fd = check(socket(targets[0].ss_family, SOCK_DGRAM, 0), "socket");
    return check(sendmmsg(fd, messages, 2, 0), "sendmmsg") != 2;
}
