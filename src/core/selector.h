/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Traffic selectors (RFC 4301 section 4.4.1.1) as XFRM has them: prefixes, masked ports, protocol,
 * interface. */

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "packet/flow_key.h"

struct ux_mark {
	uint32_t v, m;
};

struct ux_selector {
	struct ux_addr daddr, saddr;
	__be16 dport, dport_mask, sport, sport_mask;
	uint16_t family; /* 0 = any */
	uint8_t prefixlen_d, prefixlen_s;
	uint8_t proto;	   /* 0 = any */
	uint8_t unused[3]; /* padding of the request: returned and compared, as in Linux */
	int32_t ifindex;   /* 0 = any */
	uint32_t user;	   /* stored and returned, not matched, as in Linux */
};

/*
 * ux_selector_match - does @flow lie in @sel? Addresses are compared in the flow's family;
 * sel->family is not looked at (Linux: xfrm_selector_match), callers check it where it matters.
 */
bool ux_selector_match(const struct ux_selector *sel, const struct ux_flow_key *flow);
/* ux_selector_equal - the same in every field (Linux compares the 56 bytes). */
bool ux_selector_equal(const struct ux_selector *a, const struct ux_selector *b);
