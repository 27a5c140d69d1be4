/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the short way in leaves to the general one. */

#include "core/replay.h"
#include "ipsec/worker.h"

/* ux_inbound_opened - the live packets were decrypted by their one SA and accepted; all that comes
 * behind that. */
void ux_inbound_opened(struct uxfrm_worker *w);
/* ux_inbound_replay_drop - why a window refuses a packet; counted in the SA. */
enum uxfrm_drop ux_inbound_replay_drop(struct ux_sa_runtime *rt, enum ux_replay answer);
