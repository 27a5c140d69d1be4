/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the system knows of the way to an address: from routes, and from errors that routers sent.
 */

#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"

struct ux_path {
	int family;
	const struct ux_addr *from, *to; /* @from: NULL = any of ours */
	uint32_t mark;
};

/*
 * ux_path_ask - the path's MTU now, and the source address of packets there (@from, if given).
 * Either may be NULL. 0 or -errno: no way. Any thread; a handful of system calls.
 */
int ux_path_ask(const struct ux_path *path, uint32_t *ret_mtu,
		struct ux_addr *ret_source) UX_MUST_CHECK;
