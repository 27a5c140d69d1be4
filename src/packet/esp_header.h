/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The fixed parts of an ESP packet (RFC 4303 section 2). */

#include <linux/types.h>
#include <stdint.h>

#include "base/bytes.h"

#define UX_ESP_HEADER_LEN 8  /* SPI, sequence number */
#define UX_ESP_TRAILER_LEN 2 /* pad length, next header */
#define UX_ESP_PAD_MAX 255

static inline __be32 ux_esp_spi(const uint8_t *esp)
{
	__be32 spi;

	memcpy(&spi, esp, sizeof(spi));
	return spi;
}

static inline uint32_t ux_esp_seq(const uint8_t *esp)
{
	return ux_get_be32(esp + 4);
}

static inline void ux_esp_build(uint8_t *esp, __be32 spi, uint32_t seq)
{
	memcpy(esp, &spi, sizeof(spi));
	ux_put_be32(esp + 4, seq);
}
