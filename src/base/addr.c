/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

bool ux_addr_match_prefix(const struct ux_addr *a, const struct ux_addr *b, unsigned int bits)
{
	/* A longer prefix than an address has bits is the whole address. */
	if (bits > 128)
		bits = 128;

	unsigned int bytes = bits / 8, rest = bits % 8;

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	if (rest == 0)
		return true;

	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return ((a->b[bytes] ^ b->b[bytes]) & mask) == 0;
}
