/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The filter of system calls, which the program and all its children keep. It sees numbers, no
 * memory: it tells of socket() for NETLINK_XFRM and PF_KEY, of calls on descriptors of the range
 * where emulated sockets are put, and of the few that matter whatever they act on.
 */

#include <stdbool.h>

struct ux_filter {
	int first, last;     /* the numbers of emulated sockets */
	bool tells_of_uname; /* a release was asked for */
};

/* ux_filter_choose - numbers below the limit on descriptors, and where select() can have them. */
void ux_filter_choose(struct ux_filter *filter);

/*
 * ux_filter_install - for this thread and what it becomes. Without CAP_SYS_ADMIN it gives up
 * that programs gain privileges by exec() (no_new_privs). The listener, close on exec; or
 * -errno: -EBUSY when there is a listener already, -EINVAL before Linux 5.19.
 */
int ux_filter_install(const struct ux_filter *filter);
