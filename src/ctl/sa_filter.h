/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Which SAs a dump shows. */

#include <stdbool.h>

#include "core/sa.h"

struct ux_sa_filter {
	uint8_t proto; /* 0: everything, 255: IPsec */
	/* the addresses of the SA, not of its selector; 0 bits match any */
	uint8_t prefixlen_s, prefixlen_d;
	uint16_t family; /* other than IPv4 and IPv6: any */
	struct ux_addr saddr, daddr;
};

bool ux_sa_filter_is_sound(const struct ux_sa_filter *filter);
bool ux_sa_filter_wants(const struct ux_sa_filter *filter, const struct ux_sa *sa);
