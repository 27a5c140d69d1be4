/* SPDX-License-Identifier: BSD-2-Clause */

/* The ESP trailer. */

#include "ipsec/padding.h"

void ux_padding_write(uint8_t *payload, uint32_t payload_len, uint32_t padded_len,
		      uint8_t next_header)
{
	uint32_t pad = padded_len - payload_len - UX_ESP_TRAILER_LEN;
	uint8_t *p = payload + payload_len;

	for (uint32_t i = 1; i <= pad; i++)
		*p++ = (uint8_t)i;
	*p++ = (uint8_t)pad;
	*p = next_header;
}
