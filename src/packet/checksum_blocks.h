/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The bulk of a checksum: blocks of 64 bytes, summed up by the widest words the processor has. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UX_CHECKSUM_BLOCK 64

/* Two words of 64 bits: every compiler makes of it what every machine of the kind has. */
typedef uint64_t ux_checksum_words __attribute__((vector_size(16)));

/* ux_checksum_blocks_any - the sum of the 32-bit words of @n blocks at @p, in 64 bits; no packet is
 * so long that it could overflow. */
static inline uint64_t ux_checksum_blocks_any(const uint8_t *p, size_t n)
{
	ux_checksum_words low[2] = {{0}}, high[2] = {{0}}, v[2];

	for (size_t i = 0; i < n * 2; i++, p += sizeof(v)) {
		memcpy(v, p, sizeof(v));
		low[0] += v[0] & UINT32_MAX;
		high[0] += v[0] >> 32;
		low[1] += v[1] & UINT32_MAX;
		high[1] += v[1] >> 32;
	}
	low[0] += low[1] + high[0] + high[1];
	return low[0][0] + low[0][1];
}

/* ux_checksum_blocks - the same, by what this processor has. */
uint64_t ux_checksum_blocks(const uint8_t *p, size_t n);
