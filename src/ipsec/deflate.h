/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Compression by DEFLATE (RFC 1951, as RFC 2394 wants it: raw, each packet on its own). One per
 * worker; no memory is allocated after ux_deflate_new.
 */

#include <stdint.h>

struct ux_deflate;

/* ux_deflate_new - NULL when out of memory. */
struct ux_deflate *ux_deflate_new(void);
/* ux_deflate_free - accepts NULL; returns NULL. */
struct ux_deflate *ux_deflate_free(struct ux_deflate *d);

/* ux_deflate_pack - @len bytes into less than @max, which lie at *ret_at until the next call.
 * Returns their number; 0: they do not get that small. */
uint32_t ux_deflate_pack(struct ux_deflate *d, const uint8_t *data, uint32_t len, uint32_t max,
			 const uint8_t **ret_at);
/* ux_deflate_unpack - the way back, to at most UX_DEFLATE_MAX bytes. 0: not such data, or more. */
#define UX_DEFLATE_MAX 65400 /* as Linux */
uint32_t ux_deflate_unpack(struct ux_deflate *d, const uint8_t *data, uint32_t len,
			   const uint8_t **ret_at);
