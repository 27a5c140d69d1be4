/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * An IPv4 or IPv6 address without its family: 16 bytes, network byte order. An IPv4 address stands
 * in the first four; what stands in the other twelve does not matter (compare with the family).
 */

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct ux_addr {
	union {
		uint8_t b[16];
		__be32 w[4]; /* w[0] is the IPv4 address */
		uint64_t q[2];
	};
};

static inline bool ux_addr_equal(const struct ux_addr *a, const struct ux_addr *b, uint16_t family)
{
	if (family == AF_INET)
		return a->w[0] == b->w[0];
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

static inline bool ux_addr_is_any(const struct ux_addr *a, uint16_t family)
{
	if (family == AF_INET)
		return a->w[0] == 0;
	return (a->q[0] | a->q[1]) == 0;
}

/* ux_addr_match_prefix - do the first @bits bits of @a and @b agree? 0 bits always do. */
bool ux_addr_match_prefix(const struct ux_addr *a, const struct ux_addr *b, unsigned int bits);
