// SPDX-License-Identifier: Apache-2.0
//
// Calls every function of egress.h in all the wrong ways. Ends with 0 if all were denied and nothing was overwritten.

#include "egress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("line %d: %s\n", __LINE__, #condition);                                                             \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static egress_policy open_rules(const char *rules)
{
    egress_options options = {.struct_size = sizeof options, .allow = rules, .allow_length = strlen(rules)};
    return egress_open(&options, NULL);
}

static int ends_with_nul(const char *text, size_t size)
{
    return memchr(text, 0, size) != NULL;
}

static void bad_options(void)
{
    egress_decision decision = {.struct_size = sizeof decision};
    EXPECT(egress_open(NULL, NULL) == 0);
    EXPECT(egress_open(NULL, &decision) == 0 && strcmp(decision.reason, "invalid_argument") == 0);
    egress_options options = {0};
    EXPECT(egress_open(&options, &decision) == 0);
    options.struct_size = sizeof options - 1;
    EXPECT(egress_open(&options, &decision) == 0);
    options.struct_size = SIZE_MAX;
    EXPECT(egress_open(&options, &decision) == 0);
    options = (egress_options){.struct_size = sizeof options, .flags = 1U << 31};
    EXPECT(egress_open(&options, &decision) == 0);
    options = (egress_options){.struct_size = sizeof options, .reserved = 1};
    EXPECT(egress_open(&options, &decision) == 0);
    options = (egress_options){.struct_size = sizeof options, .allow_length = 5};
    EXPECT(egress_open(&options, &decision) == 0);
    options = (egress_options){.struct_size = sizeof options, .allow = "a.example", .allow_length = SIZE_MAX};
    EXPECT(egress_open(&options, &decision) == 0);
    const char *bad[] = {"*", ".com", "0.0.0.0/0", "\xff\xfe.example", "a..example", "[", "\x1b[31m.example"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options = (egress_options){.struct_size = sizeof options, .allow = bad[i], .allow_length = strlen(bad[i])};
        EXPECT(egress_open(&options, &decision) == 0 && strcmp(decision.reason, "invalid_policy") == 0);
        for (const char *c = decision.message; *c; c++)
            EXPECT(*c >= 0x20 && *c < 0x7f);
    }
    const char text[] = "version: 1\nalow: []\n";
    options = (egress_options){.struct_size = sizeof options, .text = text, .text_length = strlen(text)};
    EXPECT(egress_open(&options, &decision) == 0 && strstr(decision.message, "did you mean 'allow'?") != NULL);
    options = (egress_options){.struct_size = sizeof options, .path = "/dev/zero", .path_length = 9};
    EXPECT(egress_open(&options, &decision) == 0);
    options = (egress_options){.struct_size = sizeof options, .path = "/etc\0/hosts", .path_length = 11};
    EXPECT(egress_open(&options, &decision) == 0);
    struct {
        egress_options options;
        uint64_t later;
    } longer = {.options = {.struct_size = sizeof longer}, .later = 1};
    EXPECT(egress_open(&longer.options, &decision) == 0);
    longer.later = 0;
    egress_policy policy = egress_open(&longer.options, &decision);
    EXPECT(policy != 0);
    egress_close(policy);
}

static void bad_texts(egress_policy policy)
{
    static char huge[100000];
    memset(huge, 'a', sizeof huge);
    uint8_t address[16] = {0};
    const struct {
        const char *text;
        size_t length;
    } texts[] = {{NULL, 0}, {NULL, 1}, {NULL, SIZE_MAX}, {"", 0}, {"a.example", SIZE_MAX}, {"a.example", SIZE_MAX / 2},
                 {huge, sizeof huge}, {huge, 254}, {"\xff\xfe", 2}, {"a.ex\0mple", 9}, {"a.example ", 10}, {".", 1},
                 {"..", 2}, {"2130706433", 10}, {"0x7f.1", 6}, {"127.1", 5}, {"::1%lo", 6}, {"-", 1}, {"*", 1}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i].text;
        size_t length = texts[i].length;
        egress_decision decision = {.struct_size = sizeof decision};
        EXPECT(egress_decide_host(policy, text, length, &decision) == EGRESS_DENIED);
        EXPECT(decision.reason[0] != '\0' && ends_with_nul(decision.message, sizeof decision.message));
        EXPECT(egress_decide_record(policy, text, length, 1, &decision) == EGRESS_DENIED);
        EXPECT(egress_decide_query(policy, (const uint8_t *)text, length, &decision) == EGRESS_DENIED);
        EXPECT(egress_pin(policy, text, length, address, 1, 60, &decision) == EGRESS_DENIED);
        EXPECT(egress_pin_answer(policy, (const uint8_t *)text, length, &decision) == EGRESS_DENIED);
        EXPECT(egress_decide_connect(policy, text, length, 443, 6, &decision) == EGRESS_DENIED);
        EXPECT(egress_decide_sockaddr(policy, text, length, 6, &decision) == EGRESS_DENIED);
        EXPECT(egress_decide_url(policy, text, length, &decision) == EGRESS_DENIED);
        egress_decide_alias(policy, text, length, &decision);
        char class[32];
        EXPECT(egress_classify_address(text, length, class, sizeof class) == 0);
        EXPECT(egress_classify_address(text, length, NULL, SIZE_MAX) == 0);
    }
    EXPECT(egress_pin(policy, "a.example", 9, NULL, 1, 60, NULL) == EGRESS_DENIED);
    EXPECT(egress_pin(policy, "a.example", 9, NULL, 0, 60, NULL) == EGRESS_DENIED);
    EXPECT(egress_pin(policy, "a.example", 9, address, SIZE_MAX, 60, NULL) == EGRESS_DENIED);
    EXPECT(egress_pin(policy, "a.example", 9, address, SIZE_MAX / 16 + 1, 60, NULL) == EGRESS_DENIED);
    EXPECT(egress_decide_connect(policy, "93.184.216.34", 13, 0, -1, NULL) == EGRESS_DENIED);
    char tiny[3];
    EXPECT(egress_classify_address("127.0.0.1", 9, tiny, sizeof tiny) == 0);
}

/// No byte after struct_size is written, whatever it is.
static void sizes(egress_policy policy)
{
    char *memory = malloc(sizeof(egress_decision));
    for (size_t size = 0; size <= sizeof(egress_decision); size++) {
        memset(memory, 0x5a, sizeof(egress_decision));
        memcpy(memory, &size, sizeof size);
        egress_decide_host(policy, "denied.example", 14, (egress_decision *)memory);
        size_t from = size < sizeof size ? sizeof size : size;
        for (size_t i = from; i < sizeof(egress_decision); i++)
            EXPECT(memory[i] == 0x5a);
    }
    free(memory);
}

static void handles(egress_policy policy)
{
    const egress_policy wrong[] = {0, UINT64_MAX, policy + 1000, (egress_policy)(uintptr_t)&failures};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        egress_decision decision = {.struct_size = sizeof decision};
        EXPECT(egress_decide_host(wrong[i], "a.example", 9, &decision) == EGRESS_DENIED);
        EXPECT(strcmp(decision.reason, "invalid_handle") == 0);
        egress_close(wrong[i]);
    }
    egress_policy other = open_rules("a.example");
    EXPECT(egress_decide_host(other, "a.example", 9, NULL) == EGRESS_ALLOWED);
    egress_close(other);
    egress_close(other);
    EXPECT(egress_decide_host(other, "a.example", 9, NULL) == EGRESS_DENIED);
}

static void *use(void *policy)
{
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff, [12] = 93, [13] = 184, [14] = 216, [15] = 34};
    egress_decision decision = {.struct_size = sizeof decision};
    for (int i = 0; i < 2000; i++) {
        egress_decide_host((egress_policy)(uintptr_t)policy, "a.example", 9, &decision);
        egress_pin((egress_policy)(uintptr_t)policy, "a.example", 9, address, 1, 60, &decision);
        egress_decide_connect((egress_policy)(uintptr_t)policy, "93.184.216.34", 13, 443, 6, NULL);
    }
    return NULL;
}

/// Closes policies under the feet of threads that use them.
static void concurrent_close(void)
{
    for (int round = 0; round < 10; round++) {
        egress_policy policy = open_rules("a.example");
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, use, (void *)(uintptr_t)policy);
        struct timespec moment = {.tv_nsec = 1000000};
        nanosleep(&moment, NULL);
        egress_close(policy);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        EXPECT(egress_decide_host(policy, "a.example", 9, NULL) == EGRESS_DENIED);
    }
}

/// Messages that were never DNS, of every length.
static void noise(egress_policy policy)
{
    uint8_t message[600];
    unsigned int seed = 1;
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand_r(&seed) % sizeof message;
        for (size_t i = 0; i < length; i++)
            message[i] = (uint8_t)(rand_r(&seed) >> (i < 12 ? 12 : 4));
        EXPECT(egress_decide_query(policy, message, length, NULL) == EGRESS_DENIED);
        EXPECT(egress_pin_answer(policy, message, length, NULL) == EGRESS_DENIED);
        egress_decide_sockaddr(policy, message, length, 6, NULL);
        egress_decide_url(policy, (const char *)message, length, NULL);
    }
}

int main(void)
{
    EXPECT(egress_abi_version() == EGRESS_ABI_VERSION);
    egress_policy policy = open_rules("a.example:443");
    EXPECT(policy != 0);
    bad_options();
    bad_texts(policy);
    sizes(policy);
    handles(policy);
    concurrent_close();
    noise(policy);
    EXPECT(egress_decide_host(policy, "A.Example.", 10, NULL) == EGRESS_ALLOWED);
    egress_close(policy);
    return failures == 0 ? 0 : 1;
}
