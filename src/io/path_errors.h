/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Hears when routers report that a packet of this host is too big for their next link. The kernel
 * has learned it too, so that asking (path.h) gives the new MTU.
 */

#include <stdint.h>

#include <stdbool.h>

#include "base/addr.h"
#include "base/ext_ack.h"

struct ux_path_errors {
	int fd[2]; /* for epoll: IPv4, IPv6; -1: none */
};

/* ux_path_errors_open - 0 or -errno; a host without IPv6 has no second socket. */
int ux_path_errors_open(struct ux_path_errors *errors) UX_MUST_CHECK;
void ux_path_errors_close(struct ux_path_errors *errors);

/* What one says. */
struct ux_path_error {
	uint16_t family;
	struct ux_addr to; /* of the packet that was too big */
	uint8_t proto;
	uint32_t mtu; /* 0: it does not say */
	int ifindex;  /* it came by this device */
};
typedef void (*ux_path_error_call)(void *opaque, const struct ux_path_error *error);

/* ux_path_errors_read - take in what has come, and call @each (NULL: nobody) for what can be read. Returns true if anything
 * was said of an MTU. */
bool ux_path_errors_read(struct ux_path_errors *errors, ux_path_error_call each, void *opaque);
