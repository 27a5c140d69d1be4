/* SPDX-License-Identifier: BSD-2-Clause */

/* The ESP trailer. */

#include "ipsec/padding.h"

#include <netinet/in.h>

#include "packet/esp_header.h"

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

bool ux_padding_read(const uint8_t *payload, uint32_t padded_len, uint32_t *ret_payload_len,
		     uint8_t *ret_next_header)
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
