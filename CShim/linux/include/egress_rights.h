// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that come over unix sockets (SCM_RIGHTS), where one of another network namespace could come in.

#ifndef EGRESS_RIGHTS_H
#define EGRESS_RIGHTS_H

/// Whether a unix socket takes descriptors (SO_PASSRIGHTS, Linux 6.16): 1, 0, or -1 where that can't be chosen.
int egress_rights_allowed(int socket);

/// Has a unix socket take descriptors, or fail with EPERM whoever sends it some; -1 with errno.
int egress_rights_allow(int socket, int allowed);

/// True if descriptors were sent to a connected unix socket that nobody has received yet, or if that can't be told.
int egress_rights_wait(int socket);

#endif
