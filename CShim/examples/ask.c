// SPDX-License-Identifier: Apache-2.0
//
// How a C program asks the policy engine before it connects.
//
//     cc -o ask ask.c -I CShim/abi/include -L .build/release -legress -Wl,-rpath,"$PWD/.build/release"
//     ./ask 'example.com:443' example.com 93.184.216.34 443

#include "egress.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: ask RULES HOST ADDRESS PORT\n");
        return 2;
    }
    const char *rules = argv[1], *host = argv[2], *address = argv[3];
    uint16_t port = (uint16_t)atoi(argv[4]);

    egress_decision decision = {.struct_size = sizeof decision};
    egress_options options = {.struct_size = sizeof options, .allow = rules, .allow_length = strlen(rules)};
    egress_policy policy = egress_open(&options, &decision);
    if (policy == 0) {
        fprintf(stderr, "%s\n", decision.message);
        return 1;
    }

    // 1. May the name be looked up?
    int is_allowed = egress_decide_host(policy, host, strlen(host), &decision);
    printf("look up %s: %s\n", host, decision.reason);

    // 2. May it have these addresses? Here there is one, which getaddrinfo would have given.
    uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
    if (is_allowed && inet_pton(AF_INET, address, bytes + 12) == 1) {
        is_allowed = egress_pin(policy, host, strlen(host), bytes, 1, 60, &decision);
        printf("%s is %s: %s\n", host, address, decision.reason);
    }

    // 3. May one connect? Of an address that no allowed name has, only a rule for the address itself says yes.
    is_allowed = egress_decide_connect(policy, address, strlen(address), port, 6, &decision);
    printf("connect to %s port %u: %s\n", address, port, decision.reason);
    if (is_allowed != EGRESS_ALLOWED)
        printf("%s\n", decision.message);

    egress_close(policy);
    return is_allowed == EGRESS_ALLOWED ? 0 : 1;
}
