/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Reserving an SPI by a larval SA, which a request fulfils or the time removes. */

#include "base/ext_ack.h"
#include "core/sa.h"

/* What a request says beside the larval SA it wants. */
struct ux_spi_wish {
	uint32_t seq; /* of the acquire it answers; 0 = of none */
	uint32_t min, max;
	uint8_t dir; /* UX_SA_DIR_NONE = not said */
};

/* ux_spi_check_range - -EINVAL with Linux's texts. */
int ux_spi_check_range(uint8_t proto, uint32_t min, uint32_t max,
		       struct ux_ext_ack *ext) UX_MUST_CHECK;
/*
 * ux_spi_reserve - the larval SA of that acquire, else of the same endpoints, else a new one, with
 * an SPI out of the range. @params: identity, source, mark, mode, reqid, if_id, pcpu and nothing
 * else; changed to what the SA has. *ret_sa is borrowed. -ENOENT: no SPI is free; the larval SA is
 * there without one. -ENOMEM.
 */
int ux_spi_reserve(struct uxfrm *u, const struct ux_spi_wish *wish, struct ux_sa_params *params,
		   struct ux_sa **ret_sa, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_spi_larval - the same without choosing an SPI. -ENOMEM. */
int ux_spi_larval(struct uxfrm *u, struct ux_sa_params *params, uint32_t seq,
		  struct ux_sa **ret_sa) UX_MUST_CHECK;
