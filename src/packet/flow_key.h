/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What selectors look at in a packet. */

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct ux_ip_info;
struct ux_label;

struct ux_flow_key {
	struct ux_addr saddr, daddr;
	uint16_t family; /* AF_INET or AF_INET6 */
	uint8_t proto;	 /* the upper-layer protocol, behind IPv6 extension headers */
	bool fragment;	 /* any fragment, the first one included */
	/* ports; ICMP: sport = type, dport = code; mobility header: type; GRE: halves of the key;
	 * else 0. 0 in later fragments */
	__be16 sport, dport;
	uint32_t mark;
	int32_t ifindex;
	bool label_known;	      /* else the label means nothing */
	const struct ux_label *label; /* core/label.h: of the SA it came by; NULL: none */
};

/*
 * ux_flow_key_parse - read the key of the IP packet at @data (@len bytes).
 * mark, ifindex and label are left 0 for the caller. False: not a well-formed IPv4 or IPv6 packet
 * of at least the length its header claims.
 */
bool ux_flow_key_parse(const uint8_t *data, uint32_t len, struct ux_flow_key *ret_flow);
/* ux_flow_key_fill - the same of a packet that ux_ip_parse has read. */
void ux_flow_key_fill(const uint8_t *data, const struct ux_ip_info *info,
		      struct ux_flow_key *ret_flow);
