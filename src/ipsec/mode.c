/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipsec/mode.h"

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
