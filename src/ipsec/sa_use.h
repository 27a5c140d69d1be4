/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What a packet takes from its SA: sequence numbers, IVs. What it leaves there: account.h. */

#include "ipsec/worker.h"

/* ux_sa_use_number - give all live packets sequence numbers and IVs, once per SA of the burst, and
 * count them in their SAs. Those that cannot have any are dropped. */
void ux_sa_use_number(struct uxfrm_worker *w);
