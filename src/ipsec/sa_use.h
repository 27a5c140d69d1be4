/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What a packet takes from its SA and leaves there: sequence numbers, IVs, counts, limits. */

#include <stdbool.h>
#include <stdint.h>

#include "ipsec/worker.h"

/* ux_sa_use_number - give all live packets sequence numbers and IVs, once per SA of the burst, and
 * count them in their SAs. Those that cannot have any are dropped. */
void ux_sa_use_number(struct uxfrm_worker *w);

/* ux_sa_use_count - bytes and packets of an SA, and the times of its use. */
void ux_sa_use_count(struct ux_sa_runtime *rt, uint64_t bytes, uint64_t packets, uint64_t now_s);

/* ux_sa_use_expired - has the SA reached a hard limit? (Linux: xfrm_state_check_expire) */
bool ux_sa_use_expired(const struct ux_sa *sa, uint64_t now_s);
