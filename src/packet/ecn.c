/* SPDX-License-Identifier: BSD-2-Clause */

/* ECN bits at both ends of a tunnel. */

#include "packet/ecn.h"

uint8_t ux_ecn_encapsulate(uint8_t inner_tos)
{
	/* Congestion met before the tunnel is not told again inside it (RFC 3168 section 9.1.1). */
	if ((inner_tos & UX_ECN_MASK) == UX_ECN_CE)
		return UX_ECN_ECT0;
	return inner_tos & UX_ECN_MASK;
}

uint8_t ux_ecn_decapsulate(uint8_t outer_tos, uint8_t inner_tos)
{
	if ((outer_tos & UX_ECN_MASK) == UX_ECN_CE && (inner_tos & UX_ECN_MASK) != UX_ECN_NOT_ECT)
		return UX_ECN_CE;
	return inner_tos & UX_ECN_MASK;
}
