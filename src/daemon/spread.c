/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/spread.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* Both ends of a flow give the same sum. */
static uint32_t both_ends(const uint8_t *data, uint32_t len)
{
	const bool four = data[0] >> 4 == 4;
	uint32_t header = UX_IP6_LEN, sum = 0;

	if (four) {
		sum = ux_get_be32(data + 12) + ux_get_be32(data + 16);
		header = (data[0] & 15u) * 4u;
		if (ux_get_be16(data + 6) & 0x3fff || !has_ports(data[9]))
			return sum;
	} else {
		for (uint32_t at = 8; at < UX_IP6_LEN; at += 4)
			sum += ux_get_be32(data + at);
		if (!has_ports(data[6]))
			return sum;
	}
	return len < header + 4 ? sum
				: sum + ux_get_be16(data + header) + ux_get_be16(data + header + 2);
}

static uint32_t mix(uint32_t sum)
{
	return (uint32_t)(sum * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

void ux_spread(struct uxfrm_packet *const *packets, size_t n, uint32_t n_queues, uint8_t *ret_queue)
{
	for (size_t i = 0; i < n; i++)
		ret_queue[i] = 0;
	for (size_t i = 0; n_queues > 1 && i < n; i++) {
		const struct uxfrm_packet *p = packets[i];

		if (p->len >= (p->data[0] >> 4 == 4 ? UX_IP4_LEN : UX_IP6_LEN))
			ret_queue[i] = (uint8_t)((uint64_t)mix(both_ends(p->data, p->len)) *
						 n_queues >> 32);
	}
}
