/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Who is at the other end of a control connection, and what may it do. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/ext_ack.h"

struct ux_peer {
	pid_t pid; /* 0: not visible in our pid namespace */
	uid_t uid;
	bool privileged; /* holds CAP_NET_ADMIN over our network namespace */
};

/* ux_peer_of - identity by SO_PEERCRED of the connected socket @fd. 0 or -errno. */
int ux_peer_of(int fd, struct ux_peer *ret_peer) UX_MUST_CHECK;

/* ux_peer_status_has_cap - does the text of a /proc/PID/status show @cap as effective? 1, 0, or -1:
 * no such line. */
int ux_peer_status_has_cap(const char *status, unsigned int cap);
/* ux_peer_status_has_uid - is @uid the effective user in that text? */
bool ux_peer_status_has_uid(const char *status, uid_t uid);
