/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Hears when routers report that a packet of this host is too big for their next link. The kernel
 * has learned it too, so that asking (path.h) gives the new MTU.
 */

#include <stdbool.h>

#include "base/ext_ack.h"

struct ux_path_errors {
	int fd[2]; /* for epoll: IPv4, IPv6; -1: none */
};

/* ux_path_errors_open - 0 or -errno; a host without IPv6 has no second socket. */
int ux_path_errors_open(struct ux_path_errors *errors) UX_MUST_CHECK;
void ux_path_errors_close(struct ux_path_errors *errors);

/* ux_path_errors_read - take in what has come. Returns true if anything was said of an MTU. */
bool ux_path_errors_read(struct ux_path_errors *errors);
