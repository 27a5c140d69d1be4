/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* /proc/net/xfrm_stat, for programs that read it. */

#include <stdbool.h>

bool shim_is_xfrm_stat(const char *path);
/* shim_xfrm_stat_open - the daemon's counters as such a file, close on exec when @cloexec. A
 * descriptor, or -1: there is no daemon. */
int shim_xfrm_stat_open(bool cloexec);
