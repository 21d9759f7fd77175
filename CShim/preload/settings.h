// SPDX-License-Identifier: Apache-2.0
//
// What the environment says, as it was when the program started.

#ifndef EGRESS_SETTINGS_H
#define EGRESS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct egress_settings {
    /// EGRESS_POLICY made absolute, EGRESS_ALLOW, EGRESS_DENY; null if not set.
    const char *policy;
    const char *allow;
    const char *deny;
    /// For egress_options.flags.
    uint32_t flags;
    /// EGRESS_PRELOAD=names: something else holds the connections.
    bool names_only;
    /// What is wrong with the settings; null if nothing is.
    const char *problem;
};

/// Reads the environment into `ret_settings`.
void egress_read_settings(struct egress_settings *ret_settings);

/// Writes a line to standard error, unless the program has put something else there since it started.
void egress_tell(const char *line);

#endif
