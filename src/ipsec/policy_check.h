/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Was a packet allowed to come by the SAs it came by? (RFC 4301 section 5.2 step 4) */

#include "ipsec/worker.h"

/* ux_policy_check - s->flow is the innermost packet's, s->bundle the SAs. */
enum uxfrm_drop ux_policy_check(struct uxfrm_worker *w, struct ux_slot *s);
