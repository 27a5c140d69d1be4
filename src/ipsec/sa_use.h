/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What a packet takes from its SA: sequence numbers, IVs. What it leaves there: account.h. */

#include "ipsec/worker.h"

/* ux_sa_use_number - give all live packets sequence numbers and IVs, once per SA of the burst, and
 * count them in their SAs. Those that cannot have any are dropped. */
void ux_sa_use_number(struct uxfrm_worker *w);

/*
 * ux_sa_use_take - up to @want sequence numbers in a row, none beyond @last_seq, and as many IVs of
 * @iv, NULL: none are needed. Returns how many there were.
 */
uint32_t ux_sa_use_take(struct ux_sa_runtime *rt, struct ux_iv_source *iv, uint64_t last_seq,
			uint32_t want, uint64_t *ret_seq, uint64_t *ret_iv);
/* ux_sa_use_last - the last sequence number that the SA may send. */
uint64_t ux_sa_use_last(const struct ux_sa *sa);
