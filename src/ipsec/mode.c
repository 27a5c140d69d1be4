/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipsec/mode.h"

/*
 * The identification of an outer packet that may be fragmented. The sequence number does not repeat
 * within one SA whatever worker sends, and the SPI sets the SAs of a pair of hosts apart.
 */
uint16_t ux_mode_ip_id(const struct ux_slot *s)
{
	uint32_t spi = be32toh(s->sa->id.spi);

	return (uint16_t)(s->seq + (spi ^ spi >> 16));
}

const struct ux_mode_ops *ux_mode_of(uint8_t mode)
{
	switch (mode) {
	case UX_MODE_TUNNEL:
		return &ux_tunnel_mode;
	case UX_MODE_TRANSPORT:
		return &ux_transport_mode;
	case UX_MODE_BEET:
		return &ux_beet_mode;
	default:
		return NULL;
	}
}
