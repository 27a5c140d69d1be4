/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The Internet checksum (RFC 1071). Sums are in memory order: 16-bit words are taken as they lie in
 * the packet and the result is stored the same way, so no byte order appears anywhere.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ux_checksum_add - add @len bytes to a sum; all pieces but the last must have even lengths. */
uint64_t ux_checksum_add(uint64_t sum, const void *data, size_t len);
/* ux_checksum_finish - the checksum, in memory order. */
uint16_t ux_checksum_finish(uint64_t sum);
/* ux_checksum_pseudo - the sum of a pseudo header (RFC 793, RFC 8200 section 8.1): addresses of
 * @addr_len bytes each, @len the upper layer's length. */
uint64_t ux_checksum_pseudo(const uint8_t *saddr, const uint8_t *daddr, size_t addr_len,
			    uint8_t proto, uint32_t len);
/* ux_checksum_replace - the checksum @check after a 16-bit word changed (RFC 1624). All in memory
 * order. */
uint16_t ux_checksum_replace(uint16_t check, uint16_t old_word, uint16_t new_word);

static inline uint16_t ux_checksum_load(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void ux_checksum_store(void *p, uint16_t check)
{
	memcpy(p, &check, sizeof(check));
}
