/* SPDX-License-Identifier: BSD-2-Clause */

/* The Internet checksum, whole (RFC 1071) and after a change (RFC 1624). */

#include "packet/checksum.h"

#include "base/bytes.h"
#include "packet/checksum_blocks.h"

uint64_t ux_checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	if (len >= UX_CHECKSUM_BLOCK) {
		sum += ux_checksum_blocks(p, len / UX_CHECKSUM_BLOCK);
		p += len / UX_CHECKSUM_BLOCK * UX_CHECKSUM_BLOCK;
		len %= UX_CHECKSUM_BLOCK;
	}
	/* Words of 32 bits: 2^32 of them fit the 64-bit sum, far more than a packet has. */
	for (; len >= 4; len -= 4, p += 4) {
		uint32_t v;

		memcpy(&v, p, sizeof(v));
		sum += v;
	}
	if (len >= 2) {
		sum += ux_checksum_load(p);
		p += 2;
		len -= 2;
	}
	if (len) {
		uint16_t v = 0; /* the missing byte counts as zero */

		memcpy(&v, p, 1);
		sum += v;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t ux_checksum_finish(uint64_t sum)
{
	return (uint16_t)~fold(sum);
}

uint64_t ux_checksum_pseudo(const uint8_t *saddr, const uint8_t *daddr, size_t addr_len,
			    uint8_t proto, uint32_t len)
{
	uint8_t tail[8] = {0};
	uint64_t sum;

	sum = ux_checksum_add(0, saddr, addr_len);
	sum = ux_checksum_add(sum, daddr, addr_len);
	/* The IPv4 form (16-bit length) gives the same sum as the IPv6 form. */
	ux_put_be32(tail, len);
	tail[7] = proto;
	return ux_checksum_add(sum, tail, sizeof(tail));
}

uint16_t ux_checksum_replace(uint16_t check, uint16_t old_word, uint16_t new_word)
{
	/* RFC 1624 equation 3: the form that does not confuse the two zeros. */
	uint64_t sum = (uint64_t)(uint16_t)~check + (uint16_t)~old_word + new_word;

	return (uint16_t)~fold(sum);
}
