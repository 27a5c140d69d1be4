/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "base/addr.h"
#include "cli/args.h"

/* prefix_holds - does @prefix, as written on the command line, hold the address? */
static inline bool prefix_holds(const struct cli_address *prefix, uint16_t family,
				const union uxfrm_ip *address)
{
	struct ux_addr a, b;

	if (prefix->family != family)
		return false;
	memcpy(&a, &prefix->a, sizeof(a));
	memcpy(&b, address, sizeof(b));
	return ux_addr_match_prefix(&a, &b, prefix->bits);
}
