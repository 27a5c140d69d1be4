/* SPDX-License-Identifier: BSD-2-Clause */

/* Processors of which nothing more is known. */

#include "packet/checksum_blocks.h"

uint64_t ux_checksum_blocks(const uint8_t *p, size_t n)
{
	return ux_checksum_blocks_any(p, n);
}
