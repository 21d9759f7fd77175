// SPDX-License-Identifier: Apache-2.0
//
// What Swift cannot import from Glibc, or what must run where no Swift may run.

#ifndef EGRESS_CLINUX_H
#define EGRESS_CLINUX_H

#endif
