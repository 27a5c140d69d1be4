/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Was a packet that came by an SA allowed to come that way? (RFC 4301 section 5.2 step 4) */

#include "ipsec/worker.h"

/* ux_policy_check - s->flow is the inner packet's, s->sa the SA it came by. */
enum uxfrm_drop ux_policy_check(struct uxfrm_worker *w, struct ux_slot *s);
