/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The authentication header (RFC 4302 section 2). */

#include <linux/types.h>
#include <stdint.h>

#include "base/bytes.h"

#define UX_AH_FIXED_LEN 12 /* next header, length, reserved, SPI, sequence number; then the ICV */

static inline __be32 ux_ah_spi(const uint8_t *ah)
{
	__be32 spi;

	memcpy(&spi, ah + 4, sizeof(spi));
	return spi;
}

static inline uint32_t ux_ah_seq(const uint8_t *ah)
{
	return ux_get_be32(ah + 8);
}

/* ux_ah_len - the header's length, as it says. */
static inline uint32_t ux_ah_len(const uint8_t *ah)
{
	return (ah[1] + 2u) * 4;
}

/* ux_ah_build - a header of @len bytes, a multiple of 4; the ICV is zero. */
static inline void ux_ah_build(uint8_t *ah, uint32_t len, uint8_t next_header, __be32 spi,
			       uint32_t seq)
{
	memset(ah, 0, len);
	ah[0] = next_header;
	ah[1] = (uint8_t)(len / 4 - 2);
	memcpy(ah + 4, &spi, sizeof(spi));
	ux_put_be32(ah + 8, seq);
}
