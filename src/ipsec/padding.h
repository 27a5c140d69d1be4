/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Padding, pad length and next header (RFC 4303 sections 2.4 to 2.6). */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/esp_header.h"

/* ux_padding_write - fill @padded_len - @payload_len bytes behind the payload: 1, 2, 3, ..., the
 * pad length, the next header. */
void ux_padding_write(uint8_t *payload, uint32_t payload_len, uint32_t padded_len,
		      uint8_t next_header);
/*
 * ux_padding_read - the payload's length and the next header. False when the padding is longer than
 * what there is. An empty payload is allowed only in dummy packets (next header 59).
 */
static inline bool ux_padding_read(const uint8_t *payload, uint32_t padded_len,
				   uint32_t *ret_payload_len, uint8_t *ret_next_header)
{
	uint32_t pad = payload[padded_len - 2];
	uint8_t next_header = payload[padded_len - 1];

	/* The padding's bytes are not looked at: the ICV vouches for them, and Linux does the same.
	 */
	if (pad + UX_ESP_TRAILER_LEN > padded_len)
		return false;
	if (pad + UX_ESP_TRAILER_LEN == padded_len && next_header != IPPROTO_NONE)
		return false;
	*ret_payload_len = padded_len - pad - UX_ESP_TRAILER_LEN;
	*ret_next_header = next_header;
	return true;
}
