/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

/* print_event - acquire, flush, aevent, report, mapping and default-policy events, as `ip xfrm
 * monitor` prints them; unknown types as a line that says so. */
void print_event(const struct printer *p, const struct nlmsghdr *msg);
